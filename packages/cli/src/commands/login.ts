// `cronctl login`, `logout` and `whoami`. A token is checked before it is stored; neither it nor a
// password is ever shown.
import type { Answer, TrigRunApi } from "@trigrun/contract";
import type { Command } from "commander";
import { usageError } from "../errors.ts";
import { readInput, readTextFile } from "../given-text.ts";
import { examples, onRun, type Run } from "../leaf.ts";
import { exact, renderDetails } from "../render.ts";
import type { Session } from "../session.ts";
import { loginPathIn, readLogin, removeLogin, toToken, writeLogin } from "../settings.ts";
import { canAsk } from "../surroundings.ts";

type Me = Answer<TrigRunApi["getMe"]>;

interface LoginFlags {
  readonly token?: string;
  readonly tokenFile?: string;
  readonly email?: string;
  readonly password?: string;
  readonly passwordFile?: string;
}

/** How the tokens of sign-ins begin; API tokens begin otherwise. */
const signInPrefix = "cron_ses_";

export function defineLogin(login: Command, run: Run): void {
  login
    .option("-e, --email <email>", "e-mail address of your account")
    .option("-p, --password <password>", "its password; - reads it from standard input")
    .option("--password-file <file>", "read the password from a file")
    .option("--token <token>", "API token; - reads it from standard input (better than as text)")
    .option("--token-file <file>", "read the token from a file");
  examples(
    login,
    "cronctl login",
    "cronctl login --email ada@example.com",
    "cronctl login --url https://cron.example.com --token-file token.txt",
    "trigrun token create | cronctl login --token -",
  );
  onRun(login, run, logIn, { forgivesLogin: true });
}

async function logIn(session: Session, flags: LoginFlags): Promise<void> {
  const { url } = session.settings;
  const token = await obtainToken(session, flags);
  const me = await session.connect(url, token).getMe();
  const path = loginPathIn(session.surroundings.homeDir);
  writeLogin(path, { url, token });
  session.show(me, (shown) => `Logged in to ${url}.\n\n${renderMe(shown, session)}`);
  session.hint(`Stored in ${path}, readable by you alone.`);
  warnOfOpenWire(session, url);
}

/** The token that is given, or the one of a sign-in with address and password. */
async function obtainToken(session: Session, flags: LoginFlags): Promise<string> {
  const { surroundings, settings } = session;
  const isTokenGiven =
    flags.token !== undefined ||
    flags.tokenFile !== undefined ||
    settings.tokenSource === "--token";
  const isPasswordGiven = flags.password !== undefined || flags.passwordFile !== undefined;
  if (isTokenGiven && (flags.email !== undefined || isPasswordGiven)) {
    throw usageError("Give either a token or an e-mail address and its password.");
  }
  if (isTokenGiven) return await readToken(session, flags);
  if (flags.email !== undefined) return await signIn(session, flags.email, flags);
  if (isPasswordGiven) throw usageError("A password needs --email.");
  if (!canAsk(surroundings)) return await readToken(session, flags);
  const question = `E-mail for ${settings.url} (leave it empty to give an API token): `;
  const email = (await session.askText(question)).trim();
  return email === "" ? await readToken(session, flags) : await signIn(session, email, flags);
}

async function signIn(session: Session, email: string, flags: LoginFlags): Promise<string> {
  const password = await readPassword(session, email, flags);
  const client = session.connect(session.settings.url);
  const { token } = await client.logIn({ body: { email, password } });
  return toToken(token, "the server");
}

async function readPassword(session: Session, email: string, flags: LoginFlags): Promise<string> {
  const { surroundings } = session;
  const { password, passwordFile } = flags;
  if (password !== undefined && passwordFile !== undefined) {
    throw usageError("--password and --password-file exclude each other.");
  }
  // A file or a pipe ends with a line break that is not the password's.
  const toLine = (text: string) => text.replace(/\r?\n$/, "");
  if (passwordFile !== undefined) return toLine(readTextFile(passwordFile, "--password-file"));
  if (password !== undefined && password !== "-") return password;
  if (canAsk(surroundings)) return await session.askSecret(`Password of ${email}: `);
  if (password === "-") return toLine(await readInput(surroundings, "--password"));
  throw usageError("Give the password: --password-file FILE, or --password - for standard input.");
}

export function defineLogout(logout: Command, run: Run): void {
  examples(logout, "cronctl logout");
  const act = async (session: Session): Promise<void> => {
    const path = loginPathIn(session.surroundings.homeDir);
    const isEnded = await endSignIn(session, path);
    const wasStored = removeLogin(path);
    session.say(wasStored ? "The stored token is forgotten." : "No token was stored.");
    if (wasStored && !isEnded) {
      session.hint("On the server it stays valid until it expires or is deleted.");
    }
    const { tokenSource } = session.settings;
    if (tokenSource === "CRON_TOKEN" || tokenSource === "TRIGRUN_TOKEN") {
      session.hint(`${tokenSource} is still set, and used.`);
    }
  };
  onRun(logout, run, act, { forgivesLogin: true });
}

/** True when the stored token is that of a sign-in and the server has ended it. */
async function endSignIn(session: Session, path: string): Promise<boolean> {
  try {
    const login = readLogin(path);
    if (!login?.token.startsWith(signInPrefix)) return false;
    await session.connect(login.url, login.token).logOut();
    return true;
  } catch {
    // A damaged login, a server that is away or a sign-in that ended: it is forgotten all the same.
    return false;
  }
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
    throw usageError(
      "Say who you are: --email and --password-file FILE, or --token-file FILE, or --token - to " +
        "read standard input.",
    );
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
