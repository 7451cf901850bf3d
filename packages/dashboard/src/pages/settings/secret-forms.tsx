// A new secret, and another value or name for one that is there. Values are typed blind.
import type { Secret } from "@trigrun/contract";
import { useState } from "react";
import { Dialog } from "../../components/dialog.tsx";
import { showToast } from "../../components/toast.ts";
import { useRead, useWrite } from "../../data/api.tsx";
import { TextField } from "../../forms/field.tsx";
import { WriteForm } from "../../forms/write-form.tsx";

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
  return (
    <WriteForm
      title="New secret"
      write={create}
      shown={["name", "value"]}
      button="Store the secret"
      onSubmit={() => create.mutate({ body: values })}
    >
      {(errors) => (
        <>
          <TextField
            {...{
              label: "Name",
              value: values.name,
              error: errors.name,
              placeholder: "stripe-key",
            }}
            onChange={(name) => setValues({ ...values, name })}
            help="Letters, digits, - and _. A name that is there already gets the new value."
          />
          <TextField
            {...{ ...blind, label: "Value", value: values.value, error: errors.value }}
            onChange={(value) => setValues({ ...values, value })}
            help="It is never shown again."
          />
        </>
      )}
    </WriteForm>
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
  const isRenamed = name !== secret.name;
  const users = data?.jobs ?? [];
  return (
    <Dialog title={`Change ${secret.name}`} onClose={onClose}>
      <WriteForm
        write={save}
        shown={["name", "value"]}
        button="Save"
        isOff={(!isRenamed && value === "") || data === undefined}
        kind="dialog"
        onCancel={onClose}
        onSubmit={() => {
          const body = { ...(isRenamed ? { name } : {}), ...(value === "" ? {} : { value }) };
          // The jobs that use the old name stand above the button.
          save.mutate({ params, body: { ...body, force: isRenamed && users.length > 0 } });
        }}
      >
        {(errors) => (
          <>
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
          </>
        )}
      </WriteForm>
    </Dialog>
  );
}
