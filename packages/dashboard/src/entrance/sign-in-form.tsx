// Sign in with e-mail and password.
import { useState } from "react";
import { useWrite } from "../data/api.tsx";
import { signInWith } from "../data/session.ts";
import { TextField } from "../forms/field.tsx";
import { WriteForm } from "../forms/write-form.tsx";
import { KeepMe } from "./keep-me.tsx";

export function SignInForm() {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [isKept, setKept] = useState(false);
  const logIn = useWrite("logIn", {
    showsError: true,
    onDone: ({ token }) => signInWith(token, { isKept }),
  });
  return (
    <WriteForm
      write={logIn}
      button="Sign in"
      kind="entrance"
      onSubmit={() => logIn.mutate({ body: { email, password } })}
    >
      <TextField
        {...{ label: "E-mail", name: "email", type: "email", autoComplete: "username" }}
        value={email}
        onChange={setEmail}
      />
      <TextField
        {...{ label: "Password", name: "password", type: "password" }}
        autoComplete="current-password"
        value={password}
        onChange={setPassword}
      />
      <KeepMe isKept={isKept} setKept={setKept} />
    </WriteForm>
  );
}
