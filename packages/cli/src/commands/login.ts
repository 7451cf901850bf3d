// `cronctl login`, `logout` and `whoami`. A token is checked before it is stored and never shown.
import type { Answer, TrigRunApi } from "@trigrun/contract";
import type { Command } from "commander";
import { usageError } from "../errors.ts";
import { readInput, readTextFile } from "../given-text.ts";
import { examples, onRun, type Run } from "../leaf.ts";
import { exact, renderDetails } from "../render.ts";
import type { Session } from "../session.ts";
import { loginPathIn, removeLogin, toToken, writeLogin } from "../settings.ts";
import { canAsk } from "../surroundings.ts";

type Me = Answer<TrigRunApi["getMe"]>;

interface LoginFlags {
  readonly token?: string;
  readonly tokenFile?: string;
}

export function defineLogin(login: Command, run: Run): void {
  login
    .option("--token <token>", "API token; - reads it from standard input (better than as text)")
    .option("--token-file <file>", "read the token from a file");
  examples(
    login,
    "cronctl login",
    "cronctl login --url https://cron.example.com --token-file token.txt",
    "trigrun token create | cronctl login --token -",
  );
  onRun(login, run, logIn, { forgivesLogin: true });
}

async function logIn(session: Session, flags: LoginFlags): Promise<void> {
  const { url } = session.settings;
  const token = await readToken(session, flags);
  const me = await session.connect(url, token).getMe();
  const path = loginPathIn(session.surroundings.homeDir);
  writeLogin(path, { url, token });
  session.show(me, (shown) => `Logged in to ${url}.\n\n${renderMe(shown, session)}`);
  session.hint(`Stored in ${path}, readable by you alone.`);
  warnOfOpenWire(session, url);
}

export function defineLogout(logout: Command, run: Run): void {
  examples(logout, "cronctl logout");
  const act = async (session: Session): Promise<void> => {
    const wasStored = removeLogin(loginPathIn(session.surroundings.homeDir));
    session.say(wasStored ? "The stored token is forgotten." : "No token was stored.");
    if (wasStored) session.hint("On the server it stays valid until it expires or is deleted.");
    const { tokenSource } = session.settings;
    if (tokenSource === "CRON_TOKEN" || tokenSource === "TRIGRUN_TOKEN") {
      session.hint(`${tokenSource} is still set, and used.`);
    }
  };
  onRun(logout, run, act, { forgivesLogin: true });
}

async function readToken(session: Session, flags: LoginFlags): Promise<string> {
  const { surroundings, settings } = session;
  if (flags.token !== undefined && flags.tokenFile !== undefined) {
    throw usageError("--token and --token-file exclude each other.");
  }
  if (flags.tokenFile !== undefined) {
    return toToken(readTextFile(flags.tokenFile, "--token-file"), "--token-file");
  }
  // A global `--token` before the command's name means the same.
  const text = flags.token ?? (settings.tokenSource === "--token" ? settings.token : undefined);
  if (text === undefined && !canAsk(surroundings)) {
    throw usageError("Give the token: --token-file FILE, or --token - to read standard input.");
  }
  if (text === undefined || (text === "-" && canAsk(surroundings))) {
    return toToken(await session.askSecret(`Token for ${settings.url}: `), "the terminal");
  }
  if (text === "-") return toToken(await readInput(surroundings, "--token"), "standard input");
  return toToken(text, "--token");
}

function warnOfOpenWire(session: Session, url: string): void {
  const { protocol, hostname } = new URL(url);
  const isLocal = ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
  if (protocol === "http:" && !isLocal) {
    session.hint("This address is not encrypted: whoever sees the traffic sees the token.");
  }
}

function renderMe(me: Me, session: Session): string {
  const { workspace, role, user, token } = me;
  const { url, urlSource } = session.settings;
  const toEnd = (instant: string | null) =>
    instant === null ? "does not expire" : `expires ${exact(instant, session.view)}`;
  return renderDetails(
    [
      user === null ? undefined : ["User", `${user.name} <${user.email}>`],
      user === null ? undefined : ["Trust", user.trust_level],
      ["Workspace", `${workspace.name} (${workspace.id})`],
      ["Role", role],
      token === null
        ? undefined
        : ["Token", `${token.name} (${token.id}), ${toEnd(token.expires_at)}`],
      token?.scopes ? ["Scopes", token.scopes.join(", ")] : undefined,
      me.session === null ? undefined : ["Sign-in", toEnd(me.session.expires_at)],
      ["Server", `${url} (from ${urlSource})`],
    ],
    session.view,
  );
}

export function defineWhoami(whoami: Command, run: Run): void {
  examples(whoami, "cronctl whoami", "cronctl whoami --json | jq -r .role");
  onRun(whoami, run, async (session) => {
    const me = await session.client.getMe();
    session.show(me, (shown) => renderMe(shown, session));
    if (session.settings.tokenSource !== undefined) {
      session.hint(`The token comes from ${session.settings.tokenSource}.`);
    }
  });
}
