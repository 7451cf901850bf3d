// A new secret, and another value or name for one that is there. Values are typed blind.
import { ApiError, type Secret } from "@trigrun/contract";
import { useState } from "react";
import { Dialog } from "../../components/dialog.tsx";
import { ErrorNote } from "../../components/error-note.tsx";
import { showToast } from "../../components/toast.ts";
import { useRead, useWrite } from "../../data/api.tsx";
import { TextField } from "../../forms/field.tsx";
import { toErrors } from "../../forms/schema-fields.ts";

const stales = ["listSecrets", "getSecret"] as const;
const blind = { type: "password", autoComplete: "new-password" } as const;

export function NewSecretForm() {
  const [values, setValues] = useState({ name: "", value: "" });
  const create = useWrite("createSecret", {
    ...{ stales, showsError: true },
    onDone: ({ name }) => {
      showToast({ text: `Stored ${name}. Jobs name it secret://${name}.`, tone: "good" });
      setValues({ name: "", value: "" });
      // What was typed is not kept with the request either.
      create.reset();
    },
  });
  const { error } = create;
  const errors = error instanceof ApiError ? toErrors(error.details) : {};
  return (
    <form
      className="card form"
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate({ body: values });
      }}
    >
      <h2>New secret</h2>
      <TextField
        {...{ label: "Name", value: values.name, error: errors.name, placeholder: "stripe-key" }}
        onChange={(name) => setValues({ ...values, name })}
        help="Letters, digits, - and _. A name that is there already gets the new value."
      />
      <TextField
        {...{ ...blind, label: "Value", value: values.value, error: errors.value }}
        onChange={(value) => setValues({ ...values, value })}
        help="It is never shown again."
      />
      <ErrorNote error={error} shown={["name", "value"]} />
      <div className="actions">
        <button type="submit" className="primary" disabled={create.isPending}>
          Store the secret
        </button>
      </div>
    </form>
  );
}

interface EditProps {
  readonly secret: Secret;
  readonly onClose: () => void;
}

export function EditSecretDialog({ secret, onClose }: EditProps) {
  const params = { id: secret.id };
  const [name, setName] = useState(secret.name);
  const [value, setValue] = useState("");
  const { data } = useRead("getSecret", { params });
  const save = useWrite("updateSecret", {
    ...{ stales, showsError: true },
    onDone: () => {
      showToast({ text: `Changed ${name}.`, tone: "good" });
      onClose();
    },
  });
  const { error } = save;
  const errors = error instanceof ApiError ? toErrors(error.details) : {};
  const isRenamed = name !== secret.name;
  const users = data?.jobs ?? [];
  return (
    <Dialog title={`Change ${secret.name}`} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const body = { ...(isRenamed ? { name } : {}), ...(value === "" ? {} : { value }) };
          // The jobs that use the old name stand above the button.
          save.mutate({ params, body: { ...body, force: isRenamed && users.length > 0 } });
        }}
      >
        <TextField {...{ label: "Name", value: name, error: errors.name, onChange: setName }} />
        <TextField
          {...{ ...blind, label: "New value", value, error: errors.value, isOptional: true }}
          onChange={setValue}
          help="Empty keeps the one that is there."
        />
        {users.length > 0 && (
          <div className={isRenamed ? "note warn" : "note"}>
            <p>
              {isRenamed
                ? "These jobs name it as before, and send the reference as it stands:"
                : "These jobs use it, and take the new value from their next attempt on:"}
            </p>
            <ul>
              {users.map((job) => (
                <li key={job.id} dir="auto">
                  {job.name}
                </li>
              ))}
            </ul>
          </div>
        )}
        <ErrorNote error={error} shown={["name", "value"]} />
        <div className="actions end">
          <button type="button" onClick={onClose}>
            Leave it
          </button>
          <button
            {...{ type: "submit", className: "primary" }}
            disabled={(!isRenamed && value === "") || data === undefined || save.isPending}
          >
            Save
          </button>
        </div>
      </form>
    </Dialog>
  );
}
