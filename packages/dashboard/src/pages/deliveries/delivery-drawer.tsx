// One delivery: why it went as it did, in sentences, each try on the wire, and a way to send it
// again.
import { Link, useSearch } from "wouter";
import { Badge } from "../../components/badge.tsx";
import { confirm } from "../../components/confirm.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { ListEnd } from "../../components/list-end.tsx";
import { Sentences } from "../../components/sentences.tsx";
import { ErrorState, Loading } from "../../components/states.tsx";
import { showToast } from "../../components/toast.ts";
import { When } from "../../components/when.tsx";
import { type AnswerOf, useRead, useWrite } from "../../data/api.tsx";
import { useList } from "../../data/list.ts";
import { openMs, useEveryMs } from "../../data/live.ts";
import { useMayWrite } from "../../data/me.tsx";
import { hasSettled } from "../../data/states.ts";
import { TryDetails } from "./try-details.tsx";

type Delivery = AnswerOf<"getDelivery">;

export function DeliveryDrawer({ id, onClose }: { id: string; onClose: () => void }) {
  const params = { id };
  const everyMs = useEveryMs(openMs);
  const asked = { everyMs, isEnded: hasSettled };
  const { data, error, refetch, dataUpdatedAt } = useRead("getDelivery", { params }, asked);
  const title = data === undefined ? "Delivery" : (data.job_name ?? data.event.replace("_", " "));
  return (
    <Dialog kind="drawer" title={title} onClose={onClose}>
      {data === undefined && error === null && <Loading what="the delivery" />}
      {data === undefined && error !== null && (
        <ErrorState error={error} again={() => void refetch()} what="delivery" />
      )}
      {data !== undefined && <DeliveryDetails delivery={data} readAtMs={dataUpdatedAt} />}
    </Dialog>
  );
}

interface DetailsProps {
  readonly delivery: Delivery;
  readonly readAtMs: number;
}

function DeliveryDetails({ delivery, readAtMs }: DetailsProps) {
  const { id, attempts } = delivery;
  const params = { id };
  const mayWrite = useMayWrite();
  // What was read before the end may lack what the end brought.
  const isEnded = (_: unknown, atMs: number) => hasSettled(delivery) && atMs >= readAtMs;
  const asked = { everyMs: useEveryMs(openMs), isEnded };
  const { data: explanation } = useRead("explainDelivery", { params }, asked);
  return (
    <>
      <Facts delivery={delivery} />
      {mayWrite && <Actions delivery={delivery} />}
      <section className="part">
        <h3>What happened</h3>
        <Sentences sentences={explanation?.sentences} />
      </section>
      {delivery.event === "digest" && <Members id={id} />}
      <section className="part">
        <h3>Tries</h3>
        {attempts.length === 0 && <p className="faint">Nothing was sent yet.</p>}
        {attempts.map((each) => (
          <TryDetails
            key={`${each.number} ${each.started_at}`}
            attempt={each}
            isOpen={each === attempts.at(-1)}
          />
        ))}
      </section>
    </>
  );
}

function Facts({ delivery }: { delivery: Delivery }) {
  const search = useSearch();
  const { execution_id: executionId, digest_id: digestId, next_attempt_at: next } = delivery;
  return (
    <dl className="facts">
      <dt>Status</dt>
      <dd className="inline">
        <Badge state={delivery.status} />
        <span className="faint">
          {delivery.attempt_count} of {delivery.max_attempts} tries
        </span>
      </dd>
      <dt>Tells of</dt>
      <dd className="inline">
        {delivery.event.replaceAll("_", " ")}
        {executionId !== null && (
          <Link href={`/executions/${executionId}`}>Open the execution</Link>
        )}
      </dd>
      <dt>Channel</dt>
      <dd className="inline">
        <Link href={`/channels/${delivery.channel_id}`} dir="auto">
          {delivery.channel_name}
        </Link>
        <span className="faint">{delivery.channel_type}</span>
      </dd>
      <dt>Made</dt>
      <dd>
        <When at={delivery.created_at} isAlone />
      </dd>
      {next !== null && (
        <>
          <dt>Next try</dt>
          <dd>
            <When at={next} isAlone />
          </dd>
        </>
      )}
      {digestId !== null && (
        <>
          <dt>Told by</dt>
          <dd>
            <Link href={`/deliveries/${digestId}${search === "" ? "" : `?${search}`}`}>
              a digest
            </Link>
          </dd>
        </>
      )}
    </dl>
  );
}

/** What the button of a delivery in this status says; none while it is on its way. */
const retryWords = {
  failed: "Retry",
  pending: "Try now",
  sent: "Send again",
  processing: null,
} as const satisfies Record<Delivery["status"], string | null>;

function Actions({ delivery: { id, status, channel_name: channel } }: { delivery: Delivery }) {
  const retry = useWrite("retryDelivery", {
    stales: ["listDeliveries", "getDelivery", "explainDelivery", "listExecutionNotifications"],
    onDone: () => showToast({ text: `It is being sent to ${channel}.`, tone: "good" }),
  });
  const word = retryWords[status];
  if (word === null) return null;
  const act = async () => {
    const isResend = status === "sent";
    const isSure =
      !isResend ||
      (await confirm({
        title: "Send it again?",
        text: `${channel} has received it already. It comes a second time, under the same id.`,
        button: "Send it again",
      }));
    if (isSure) retry.mutate({ params: { id }, body: { resend: isResend } });
  };
  return (
    <div className="actions">
      <button type="button" disabled={retry.isPending} onClick={() => void act()}>
        {word}
      </button>
    </div>
  );
}

function Members({ id }: { id: string }) {
  const list = useList("listDeliveries", { query: { digest_id: id, limit: 100 } });
  return (
    <section className="part">
      <h3>What it tells</h3>
      <ul className="plain-list">
        {list.items.map((each) => (
          <li key={each.id} className="line">
            <Link href={`/deliveries/${each.id}`} className="grow" dir="auto">
              {each.job_name ?? each.event}
            </Link>
            <span className="faint">{each.event.replaceAll("_", " ")}</span>
            <When at={each.created_at} />
          </li>
        ))}
      </ul>
      <ListEnd list={list} word="Show more" />
    </section>
  );
}
