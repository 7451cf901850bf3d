// Who one is here, and the own password. A token of the API has neither.
import { useState } from "react";
import { showToast } from "../../components/toast.ts";
import { When } from "../../components/when.tsx";
import { useWrite } from "../../data/api.tsx";
import { useMe } from "../../data/me.tsx";
import { TextField } from "../../forms/field.tsx";
import { WriteForm } from "../../forms/write-form.tsx";

export function AccountSection() {
  const { user, token, session, role } = useMe();
  return (
    <>
      <dl className="facts card">
        <dt>{user === null ? "API token" : "Name"}</dt>
        <dd dir="auto">{user?.name ?? token?.name}</dd>
        {user !== null && (
          <>
            <dt>E-mail</dt>
            <dd dir="auto">{user.email}</dd>
          </>
        )}
        <dt>Role</dt>
        <dd>{role}</dd>
        <dt>{session === null ? "Token ends" : "Sign-in ends"}</dt>
        <dd>
          <When at={session?.expires_at ?? token?.expires_at ?? null} none="never" isAlone />
        </dd>
      </dl>
      {session === null ? (
        <p className="note">You came in with an API token. Sign in to change your password.</p>
      ) : (
        <PasswordForm email={user?.email ?? ""} />
      )}
    </>
  );
}

const empty = { current_password: "", new_password: "" };

function PasswordForm({ email }: { email: string }) {
  const [values, setValues] = useState(empty);
  const change = useWrite("changePassword", {
    showsError: true,
    onDone: () => {
      setValues(empty);
      change.reset();
      showToast({ text: "Changed the password. Every other sign-in has ended.", tone: "good" });
    },
  });
  return (
    <WriteForm
      title="Change the password"
      write={change}
      shown={Object.keys(values)}
      button="Change the password"
      onSubmit={() => change.mutate({ body: values })}
    >
      {(errors) => (
        <>
          <input type="hidden" name="username" autoComplete="username" value={email} />
          <TextField
            {...{ label: "Current password", type: "password", autoComplete: "current-password" }}
            {...{ value: values.current_password, error: errors.current_password }}
            onChange={(value) => setValues({ ...values, current_password: value })}
          />
          <TextField
            {...{ label: "New password", type: "password", autoComplete: "new-password" }}
            {...{ value: values.new_password, error: errors.new_password }}
            onChange={(value) => setValues({ ...values, new_password: value })}
            help="15 characters or more, of any kind. A few words do well. It ends other sign-ins."
          />
        </>
      )}
    </WriteForm>
  );
}
