// A channel changed in place: its name, its config by the type's own schema, pace and retries.
// Credentials come masked and stay as they are unless something is typed.
import { type AnyChannelType, ApiError, channelTypes, pace as paceSchema } from "@trigrun/contract";
import { useState } from "react";
import { ErrorNote } from "../../components/error-note.tsx";
import { showToast } from "../../components/toast.ts";
import { type AnswerOf, type InputOf, useWrite } from "../../data/api.tsx";
import { TextField } from "../../forms/field.tsx";
import { useLeaveGuard } from "../../forms/leave-guard.ts";
import { toErrors, toFields, toInput, toPatch, toValues } from "../../forms/schema-fields.ts";
import { SchemaForm } from "../../forms/schema-form.tsx";

type Channel = AnswerOf<"getChannel">;
type Body = InputOf<"updateChannel">["body"];

interface ChannelEditProps {
  readonly channel: Channel;
  readonly onEnd: () => void;
}

const paceFields = toFields(paceSchema);

function toStart(channel: Channel, fields: ReturnType<typeof toFields>) {
  return {
    name: channel.name,
    config: toValues(fields, channel.config),
    pace: toValues(paceFields, channel.pace ?? {}),
    retry: channel.retry.schedule_seconds.join(", "),
  };
}

export function ChannelEdit({ channel, onEnd }: ChannelEditProps) {
  const definition: AnyChannelType = channelTypes[channel.type];
  const [fields] = useState(() => toFields(definition.config, definition));
  const [start] = useState(() => toStart(channel, fields));
  const [typed, setTyped] = useState(start);
  const leave = useLeaveGuard(JSON.stringify(typed) !== JSON.stringify(start));
  const update = useWrite("updateChannel", {
    stales: ["getChannel", "listChannels", "previewChannel"],
    showsError: true,
    onDone: ({ name }) => {
      leave();
      showToast({ text: `Saved ${name}.`, tone: "good" });
      onEnd();
    },
  });
  const change = (part: Partial<typeof start>) => {
    setTyped((before) => ({ ...before, ...part }));
    update.reset();
  };
  const details = update.error instanceof ApiError ? update.error.details : [];
  const shown = [
    ...["name", "retry.schedule_seconds"],
    ...fields.map(({ key }) => `config.${key}`),
    ...paceFields.map(({ key }) => `pace.${key}`),
  ];
  const submit = () => {
    const hasPace = Object.values(typed.pace).some((value) => value !== "");
    const seconds = typed.retry.split(/[\s,]+/).filter((text) => text !== "");
    const body = {
      ...{ name: typed.name.trim(), config: toPatch(fields, typed.config, channel.config) },
      ...(typed.pace === start.pace
        ? {}
        : { pace: hasPace ? toInput(paceFields, typed.pace) : null }),
      ...(typed.retry === start.retry
        ? {}
        : { retry: seconds.length === 0 ? null : { schedule_seconds: seconds.map(Number) } }),
    };
    // The API looks at what was typed, and says at which field it is wrong.
    update.mutate({ params: { id: channel.id }, body: body as Body });
  };
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <TextField
        {...{ label: "Name", name: "name", autoComplete: "off" }}
        value={typed.name}
        error={toErrors(details).name}
        onChange={(name) => change({ name })}
      />
      <SchemaForm
        fields={fields.map((field) => (field.isSecret ? toKept(field) : field))}
        values={typed.config}
        errors={toErrors(details, "config")}
        onChange={(config) => change({ config })}
      />
      <details className="panel">
        <summary>Pace and retries</summary>
        <SchemaForm
          fields={paceFields.map((field) => ({ ...field, isRequired: false }))}
          values={typed.pace}
          errors={toErrors(details, "pace")}
          onChange={(pace) => change({ pace })}
        />
        <TextField
          {...{ label: "Seconds between tries", name: "retry", autoComplete: "off" }}
          help="Separated by commas. Empty: as the product has it."
          isOptional
          value={typed.retry}
          error={toErrors(details, "retry").schedule_seconds}
          onChange={(retry) => change({ retry })}
        />
      </details>
      <ErrorNote error={update.error} shown={shown} />
      <div className="actions">
        <button type="submit" className="primary" disabled={update.isPending}>
          Save
        </button>
        <button type="button" className="quiet" onClick={onEnd}>
          Cancel
        </button>
      </div>
    </form>
  );
}

/** A credential that is there need not be typed again. */
function toKept(field: ReturnType<typeof toFields>[number]) {
  const description = `${field.description} Left empty, it stays as it is.`.trim();
  return { ...field, isRequired: false, description };
}
