// Create a channel: its type, a name, and the fields of the type's own schema. A type that the
// contract learns is offered here without a line of this file.
import {
  type AnyChannelType,
  ApiError,
  type ChannelTypeName,
  channelTypeNames,
  channelTypes,
  type Event,
} from "@trigrun/contract";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { ErrorNote } from "../../components/error-note.tsx";
import { PageHeader } from "../../components/page-header.tsx";
import { showToast } from "../../components/toast.ts";
import { type InputOf, useRead, useWrite } from "../../data/api.tsx";
import { useFilters } from "../../data/filters.ts";
import { useRested } from "../../data/rested.ts";
import { TextField } from "../../forms/field.tsx";
import { useLeaveGuard } from "../../forms/leave-guard.ts";
import { toErrors, toFields, toInput, validate } from "../../forms/schema-fields.ts";
import { SchemaForm } from "../../forms/schema-form.tsx";
import { type ChannelDraft, emptyDraft, toTypeValues, withTypeValues } from "./channel-draft.ts";
import { MessagePreviewCard } from "./message-preview.tsx";

export function NewChannelPage() {
  const filters = useFilters({ type: channelTypeNames });
  const { type } = filters.values;
  // Above the form of a type, so that another type keeps what both have.
  const [typed, setTyped] = useState<ChannelDraft>(emptyDraft);
  return (
    <>
      <PageHeader title="New channel" />
      <fieldset className="types">
        <legend>Where should notifications go?</legend>
        {channelTypeNames.map((each) => (
          <label key={each} className="type-card">
            <input
              type="radio"
              name="type"
              checked={each === type}
              onChange={() => filters.set("type", each)}
            />
            <span>
              <strong>{channelTypes[each].label}</strong>
              <span className="field-help">{channelTypes[each].summary}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {/* Only words of the list get through `useFilters`. */}
      {type !== "" && (
        <ChannelForm {...{ typed, setTyped }} key={type} type={type as ChannelTypeName} />
      )}
    </>
  );
}

interface ChannelFormProps {
  readonly type: ChannelTypeName;
  readonly typed: ChannelDraft;
  readonly setTyped: (typed: ChannelDraft) => void;
}

function ChannelForm({ type, typed, setTyped }: ChannelFormProps) {
  const [, navigate] = useLocation();
  const definition: AnyChannelType = channelTypes[type];
  const [fields] = useState(() => toFields(definition.config, definition));
  const { name } = typed;
  const values = toTypeValues(typed, type, fields);
  const [isNameMissing, setNameMissing] = useState(false);
  const [ownErrors, setOwnErrors] = useState<Readonly<Record<string, string>>>({});
  const leave = useLeaveGuard(typed !== emptyDraft);
  const create = useWrite("createChannel", {
    stales: ["listChannels", "listChannelStatistics"],
    showsError: true,
    onDone: (channel) => {
      leave();
      showToast({ text: `Created ${channel.name}.`, tone: "good" });
      navigate(`/channels/${channel.id}`);
    },
  });
  const details = create.error instanceof ApiError ? create.error.details : [];
  const errors = { ...toErrors(details, "config"), ...ownErrors };
  const shown = ["name", ...fields.map(({ key }) => `config.${key}`)];
  const submit = () => {
    const config = toInput(fields, values);
    const found = validate(definition.config, config);
    setOwnErrors(found);
    setNameMissing(name.trim() === "");
    create.reset();
    if (name.trim() !== "" && Object.keys(found).length === 0)
      create.mutate({ body: { name, type, config } });
  };
  return (
    <form
      className="card form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <h2>{definition.label}</h2>
      <TextField
        {...{ label: "Name", name: "name", autoComplete: "off", placeholder: `ops-${type}` }}
        help="Rules and lists call it by this name."
        value={name}
        onChange={(next) => {
          setTyped({ ...typed, name: next });
          setNameMissing(false);
        }}
        error={isNameMissing ? "is required" : toErrors(details).name}
      />
      <SchemaForm
        fields={fields}
        values={values}
        errors={errors}
        onChange={(next) => {
          setTyped(withTypeValues(typed, type, fields, next));
          setOwnErrors({});
        }}
      />
      <LivePreview type={type} config={toInput(fields, values)} />
      {ownErrors[""] && <p className="field-error">{ownErrors[""]}</p>}
      <ErrorNote error={create.error} shown={shown} />
      <div className="actions">
        <button type="submit" className="primary" disabled={create.isPending}>
          Create the channel
        </button>
        <Link href="/channels" className="button quiet">
          Cancel
        </Link>
      </div>
    </form>
  );
}

interface LivePreviewProps {
  readonly type: ChannelTypeName;
  readonly config: Record<string, unknown>;
}

/** Until the config is whole, the message is that of the type's example. */
function LivePreview({ type, config }: LivePreviewProps) {
  const definition: AnyChannelType = channelTypes[type];
  const [event, setEvent] = useState<Event>("on_failure");
  const rested = useRested(config);
  const isWhole = definition.config.safeParse(rested).success;
  const asked = { type, config: isWhole ? rested : definition.example, event };
  // The union of the contract knows only the common shape of the types.
  const body = asked as InputOf<"previewMessage">["body"];
  const preview = useRead("previewMessage", { body });
  return (
    <MessagePreviewCard
      {...{ type, event, onEvent: setEvent, error: preview.error, preview: preview.data }}
    />
  );
}
