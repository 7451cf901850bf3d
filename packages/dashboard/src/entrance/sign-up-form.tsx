// A new account; on a fresh installation the first one, which owns it.
import { countCharacters, passwordCharsMin } from "@trigrun/contract";
import { useState } from "react";
import { useWrite } from "../data/api.tsx";
import { signInWith } from "../data/session.ts";
import { TextField } from "../forms/field.tsx";
import { WriteForm } from "../forms/write-form.tsx";

const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

export function SignUpForm({ isFirst }: { isFirst: boolean }) {
  const [values, setValues] = useState({
    ...{ name: "", email: "", password: "", workspace_name: "", timezone: ownZone },
  });
  const signUp = useWrite("signUp", {
    showsError: true,
    onDone: ({ token }) => signInWith(token, { isKept: false }),
  });
  const wires = (key: keyof typeof values, error: string | undefined) => ({
    ...{ name: key, value: values[key], error },
    onChange: (value: string) => setValues({ ...values, [key]: value }),
  });
  const length = countCharacters(values.password);
  return (
    <WriteForm
      write={signUp}
      shown={Object.keys(values)}
      button={isFirst ? "Set up" : "Create the account"}
      kind="entrance"
      onSubmit={() => {
        const { workspace_name: workspaceName, ...rest } = values;
        const named = workspaceName.trim() === "" ? {} : { workspace_name: workspaceName.trim() };
        signUp.mutate({ body: { ...rest, ...named } });
      }}
    >
      {(errors) => (
        <>
          {isFirst && (
            <p>Nobody has an account here yet. Yours is the first, and owns this installation.</p>
          )}
          <TextField label="Your name" autoComplete="name" {...wires("name", errors.name)} />
          <TextField
            label="E-mail"
            type="email"
            autoComplete="username"
            {...wires("email", errors.email)}
          />
          <TextField
            {...{ label: "Password", type: "password", autoComplete: "new-password" }}
            help={
              length === 0 || length >= passwordCharsMin
                ? `${passwordCharsMin} characters or more, of any kind. A few words do well.`
                : `${passwordCharsMin - length} characters to go.`
            }
            {...wires("password", errors.password)}
          />
          <TextField
            label="Workspace"
            placeholder="Acme"
            isOptional
            {...wires("workspace_name", errors.workspace_name)}
          />
          <TextField
            label="Time zone"
            help="In which times are shown. An IANA name, such as Europe/Berlin."
            {...wires("timezone", errors.timezone)}
          />
        </>
      )}
    </WriteForm>
  );
}
