// A lost password: a link by mail, or what the operator can do where no mail is sent.
import { useState } from "react";
import { useWrite } from "../data/api.tsx";
import { TextField } from "../forms/field.tsx";
import { WriteForm } from "../forms/write-form.tsx";

export function ForgottenPassword({ sendsMail }: { sendsMail: boolean }) {
  const [email, setEmail] = useState("");
  const ask = useWrite("forgotPassword", { showsError: true });
  if (!sendsMail) {
    return (
      <p>
        This installation sends no mail. Its operator makes a link on the host:{" "}
        <code>trigrun account reset-link you@example.com</code>
      </p>
    );
  }
  if (ask.isSuccess) {
    return (
      <p role="status">
        If the address has an account, a link is on its way. It works once, for an hour.
      </p>
    );
  }
  return (
    <WriteForm
      write={ask}
      button="Send a link"
      kind="entrance"
      onSubmit={() => ask.mutate({ body: { email } })}
    >
      <TextField
        {...{ label: "E-mail", name: "email", type: "email", autoComplete: "username" }}
        value={email}
        onChange={setEmail}
      />
    </WriteForm>
  );
}
