// Create a channel: its type, a name, and the fields of the type's own schema. A type that the
// contract learns is offered here without a line of this file.
import {
  type AnyChannelType,
  ApiError,
  type ChannelTypeName,
  channelTypeNames,
  channelTypes,
} from "@trigrun/contract";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { ErrorNote } from "../../components/error-note.tsx";
import { PageHeader } from "../../components/page-header.tsx";
import { showToast } from "../../components/toast.ts";
import { useWrite } from "../../data/api.tsx";
import { useFilters } from "../../data/filters.ts";
import { TextField } from "../../forms/field.tsx";
import {
  type FormValues,
  toErrors,
  toFields,
  toInput,
  validate,
} from "../../forms/schema-fields.ts";
import { SchemaForm } from "../../forms/schema-form.tsx";

export function NewChannelPage() {
  const filters = useFilters({ type: channelTypeNames });
  const { type } = filters.values;
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
      {type !== "" && <ChannelForm key={type} type={type as ChannelTypeName} />}
    </>
  );
}

function ChannelForm({ type }: { type: ChannelTypeName }) {
  const [, navigate] = useLocation();
  const definition: AnyChannelType = channelTypes[type];
  const [fields] = useState(() => toFields(definition.config, definition));
  const [name, setName] = useState("");
  const [isNameMissing, setNameMissing] = useState(false);
  const [values, setValues] = useState<FormValues>({});
  const [ownErrors, setOwnErrors] = useState<Readonly<Record<string, string>>>({});
  const create = useWrite("createChannel", {
    stales: ["listChannels", "listChannelStatistics"],
    showsError: true,
    onDone: (channel) => {
      showToast({ text: `Created ${channel.name}.`, tone: "good" });
      navigate(`/channels/${channel.id}`);
    },
  });
  const details = create.error instanceof ApiError ? create.error.details : [];
  const errors = { ...toErrors(details, "config"), ...ownErrors };
  const shown = ["name", ...Object.keys(errors).map((key) => `config.${key}`)];
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
          setName(next);
          setNameMissing(false);
        }}
        error={isNameMissing ? "is required" : toErrors(details).name}
      />
      <SchemaForm
        fields={fields}
        values={values}
        errors={errors}
        onChange={(next) => {
          setValues(next);
          setOwnErrors({});
        }}
      />
      {errors[""] && <p className="field-error">{errors[""]}</p>}
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
