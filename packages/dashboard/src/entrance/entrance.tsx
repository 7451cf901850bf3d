// The way in: the first account of a fresh installation, a sign-in, or a token. What is offered is
// what the API says there is.
import { useEffect, useState } from "react";
import { Icon } from "../components/icon.tsx";
import { ErrorState, Loading } from "../components/states.tsx";
import { useRead } from "../data/api.tsx";
import { ForgottenPassword } from "./forgotten-password.tsx";
import { SignInForm } from "./sign-in-form.tsx";
import { SignUpForm } from "./sign-up-form.tsx";
import { TokenForm } from "./token-form.tsx";

type Way = "sign-in" | "sign-up" | "token" | "forgotten";

const titles: Readonly<Record<Way, string>> = {
  "sign-in": "Sign in",
  "sign-up": "Create an account",
  token: "Come in with a token",
  forgotten: "Set a new password",
};

export function Entrance() {
  const { data: options, error, refetch } = useRead("getSignInOptions");
  const [chosen, setWay] = useState<Way | null>(null);
  const isFirst = options?.sign_up === "first";
  const way = chosen ?? (isFirst ? "sign-up" : "sign-in");
  const title = isFirst && way === "sign-up" ? "Set up TrigRun" : titles[way];
  useEffect(() => {
    document.title = `${title} - TrigRun`;
  }, [title]);
  return (
    <main className="entrance">
      <p className="brand">
        <Icon name="jobs" />
        TrigRun
      </p>
      {error !== null && <ErrorState error={error} again={() => void refetch()} />}
      {options === undefined && error === null && <Loading what="the ways in" />}
      {options !== undefined && (
        <div className="card">
          <h1>{title}</h1>
          {way === "sign-in" && <SignInForm />}
          {way === "sign-up" && <SignUpForm isFirst={isFirst} />}
          {way === "token" && <TokenForm />}
          {way === "forgotten" && <ForgottenPassword sendsMail={options.sends_mail} />}
          <Ways way={way} setWay={setWay} signUp={options.sign_up} />
        </div>
      )}
    </main>
  );
}

interface WaysProps {
  readonly way: Way;
  readonly setWay: (way: Way) => void;
  readonly signUp: "first" | "open" | "invite" | "closed";
}

function Ways({ way, setWay, signUp }: WaysProps) {
  const isOpen = signUp === "first" || signUp === "open";
  const all: readonly (readonly [Way, string, boolean])[] = [
    ["sign-in", "Sign in with e-mail and password", signUp !== "first"],
    ["sign-up", signUp === "first" ? "Set up TrigRun" : "Create an account", isOpen],
    ["forgotten", "I forgot my password", way === "sign-in"],
    ["token", "Use a token instead", true],
  ];
  return (
    <ul className="ways">
      {all
        .filter(([each, , isOffered]) => isOffered && each !== way)
        .map(([each, label]) => (
          <li key={each}>
            <button type="button" className="link" onClick={() => setWay(each)}>
              {label}
            </button>
          </li>
        ))}
    </ul>
  );
}
