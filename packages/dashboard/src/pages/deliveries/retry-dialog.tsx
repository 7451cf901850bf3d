// Retries all failed deliveries that match the filters of the list. It says how many that are
// before anything is sent, and that number is what the button promises.
import { useEffect, useState } from "react";
import { Dialog } from "../../components/dialog.tsx";
import { showToast } from "../../components/toast.ts";
import { type InputOf, useWrite } from "../../data/api.tsx";
import { TextField } from "../../forms/field.tsx";
import { WriteForm } from "../../forms/write-form.tsx";

type Body = NonNullable<NonNullable<InputOf<"retryDeliveries">>["body"]>;

interface RetryDialogProps {
  readonly filter: Pick<Body, "channel_id" | "job_id" | "event" | "from" | "to">;
  readonly onClose: () => void;
}

const counted = (number: number) => (number === 1 ? "1 delivery" : `${number} deliveries`);

export function RetryDialog({ filter, onClose }: RetryDialogProps) {
  const [onlyTrue, setOnlyTrue] = useState(true);
  const [perMinute, setPerMinute] = useState("");
  const { mutate: ask, ...dry } = useWrite("retryDeliveries", { showsError: true });
  const retry = useWrite("retryDeliveries", {
    ...{ stales: ["listDeliveries", "getDelivery", "explainDelivery"], showsError: true },
    onDone: ({ count }) => {
      showToast({ text: `${counted(count)} will be tried again.`, tone: "good" });
      onClose();
    },
  });
  const asked = JSON.stringify({ ...filter, only_still_true: onlyTrue });
  useEffect(() => {
    // Made of the filter two lines above.
    ask({ body: { ...(JSON.parse(asked) as Body), dry_run: true } });
  }, [ask, asked]);
  const count = dry.isPending ? undefined : dry.data?.count;
  const isFiltered = Object.keys(filter).length > 0;
  return (
    <Dialog title="Retry failed deliveries" onClose={onClose}>
      <WriteForm
        write={{ error: dry.error ?? retry.error, isPending: retry.isPending }}
        button={count ? `Retry ${counted(count)}` : "Nothing to retry"}
        isOff={!count}
        kind="dialog"
        onCancel={onClose}
        onSubmit={() => {
          const spread = perMinute === "" ? {} : { max_per_minute: Number(perMinute) };
          retry.mutate({ body: { ...filter, only_still_true: onlyTrue, ...spread } });
        }}
      >
        <p>
          {isFiltered
            ? "All failed deliveries that match the filters of the list."
            : "All failed deliveries of the workspace. Filters of the list narrow it."}
        </p>
        <label className="check">
          <input
            {...{ type: "checkbox", checked: onlyTrue }}
            onChange={(event) => setOnlyTrue(event.target.checked)}
          />
          <span>
            Only what is still true
            <span className="field-help block">
              Leaves out told failures of jobs that have succeeded since.
            </span>
          </span>
        </label>
        <TextField
          {...{
            label: "At most per minute",
            value: perMinute,
            isOptional: true,
            type: "number",
          }}
          onChange={setPerMinute}
          help="Spreads them, so that receivers are not flooded. Empty sends as fast as may be."
        />
        <p role="status" className="note">
          {count === undefined ? "Counting" : `${counted(count)} would be tried again.`}
        </p>
      </WriteForm>
    </Dialog>
  );
}
