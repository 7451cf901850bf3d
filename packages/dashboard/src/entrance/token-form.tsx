// Come in with an API token, such as the one that the first start leaves in a file. The token is
// checked before it is kept.
import { ApiError } from "@trigrun/contract";
import { useState } from "react";
import { ErrorNote } from "../components/error-note.tsx";
import { createBrowserClient } from "../data/client.ts";
import { signInWith } from "../data/session.ts";
import { TextField } from "../forms/field.tsx";
import { KeepMe } from "./keep-me.tsx";

export function TokenForm() {
  const [token, setToken] = useState("");
  const [isKept, setKept] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);
  const enter = async () => {
    setError(null);
    // What no header can carry would look like a network that failed.
    if (!/^[\x21-\x7e]+$/.test(token.trim())) {
      setError(
        new ApiError(
          "unauthorized",
          "This is no token: it has no blanks and no letters beyond A to Z.",
        ),
      );
      return;
    }
    setBusy(true);
    try {
      await createBrowserClient(token.trim()).getMe();
      signInWith(token.trim(), { isKept });
    } catch (failure) {
      setError(failure instanceof Error ? failure : new Error("unknown"));
      setBusy(false);
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void enter();
      }}
    >
      <TextField
        {...{ label: "Token", name: "token", type: "password", autoComplete: "off" }}
        help={
          "It begins with cron_pat_. The first start wrote one to the file named token in the " +
          "data folder."
        }
        value={token}
        onChange={setToken}
      />
      <KeepMe isKept={isKept} setKept={setKept} />
      <ErrorNote error={error} />
      <button type="submit" className="primary wide" disabled={isBusy}>
        Come in
      </button>
    </form>
  );
}
