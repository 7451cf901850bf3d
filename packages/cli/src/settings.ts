// Which TrigRun to talk to and with which token: flags, then environment, then the stored login.
// A stored token is sent only to the address it was stored for.
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { usageError } from "./errors.ts";
import { defaultUrl } from "./identity.ts";

/** What `cronctl login` keeps. */
export interface Login {
  readonly url: string;
  readonly token: string;
}

export interface Settings {
  readonly url: string;
  readonly urlSource: string;
  readonly token?: string;
  readonly tokenSource?: string;
  /** The address of a stored login that was not used, since it is for another address. */
  readonly otherLoginUrl?: string;
}

export interface Sources {
  readonly flags: { readonly url?: string | undefined; readonly token?: string | undefined };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly login: Login | undefined;
  readonly loginPath: string;
}

interface Found {
  readonly value: string;
  readonly source: string;
}

export function resolveSettings({ flags, env, login, loginPath }: Sources): Settings {
  const url = firstOf(
    found(flags.url, "--url"),
    found(env.CRON_API_URL, "CRON_API_URL"),
    found(env.TRIGRUN_API_URL, "TRIGRUN_API_URL"),
    found(login?.url, loginPath),
  ) ?? { value: defaultUrl, source: "the default" };
  const address = toAddress(url.value, url.source);
  const isLoginUsable = login !== undefined && toAddress(login.url, loginPath) === address;
  const token = firstOf(
    found(flags.token, "--token"),
    found(env.CRON_TOKEN, "CRON_TOKEN"),
    found(env.TRIGRUN_TOKEN, "TRIGRUN_TOKEN"),
    isLoginUsable ? found(login.token, loginPath) : undefined,
  );
  return {
    url: address,
    urlSource: url.source,
    ...(token === undefined
      ? {}
      : { token: toToken(token.value, token.source), tokenSource: token.source }),
    ...(login !== undefined && !isLoginUsable ? { otherLoginUrl: login.url } : {}),
  };
}

function found(value: string | undefined, source: string): Found | undefined {
  const trimmed = value?.trim() ?? "";
  return trimmed === "" ? undefined : { value: trimmed, source };
}

function firstOf(...candidates: (Found | undefined)[]): Found | undefined {
  return candidates.find((candidate) => candidate !== undefined);
}

/** A base address without a slash at its end. Its own text is repeated in errors: no passwords. */
export function toAddress(text: string, source: string): string {
  const refuse = (what: string) =>
    usageError(`The address from ${source} ${what}. It should look like ${defaultUrl}.`);
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw refuse("is not a whole address");
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw refuse("must begin with http:// or https://");
  }
  if (url.username !== "" || url.password !== "") {
    throw refuse("must not hold a user name or password");
  }
  if (url.search !== "" || url.hash !== "") throw refuse("must end before any ? or #");
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}

/** A token as it can stand in a header. A wrong one is never repeated. */
export function toToken(text: string, source: string): string {
  const token = text.trim();
  if (/^[\x21-\x7e]{1,500}$/.test(token)) return token;
  throw usageError(
    `The token from ${source} is not one: it must be one word of printable ASCII, like cron_pat_…`,
  );
}

export function loginPathIn(homeDir: string): string {
  return join(homeDir, ".trigrun", "config.json");
}

export function readLogin(path: string): Login | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw usageError(`${path} cannot be read. Mend its permissions or run \`cronctl login\`.`);
  }
  const login = parseLogin(text);
  if (login === undefined) {
    throw usageError(`${path} is damaged. Run \`cronctl logout\`, then \`cronctl login\`.`);
  }
  return login;
}

function parseLogin(text: string): Login | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  if (!("url" in value) || typeof value.url !== "string") return undefined;
  if (!("token" in value) || typeof value.token !== "string") return undefined;
  return { url: value.url, token: value.token };
}

/** True when others of this machine could read the file. Windows keeps no such bits. */
export function isOpenToOthers(path: string, platform: string): boolean {
  if (platform === "win32") return false;
  try {
    return (statSync(path).mode & 0o077) !== 0;
  } catch {
    return false;
  }
}

/** Stores for this user only. It is renamed into place, so that no file is ever half written. */
export function writeLogin(path: string, login: Login): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  chmodSync(dirname(path), 0o700);
  const draft = `${path}.${process.pid}`;
  rmSync(draft, { force: true });
  // `wx`: a link that somebody laid there is not followed.
  writeFileSync(draft, `${JSON.stringify(login, null, 2)}\n`, { mode: 0o600, flag: "wx" });
  renameSync(draft, path);
}

/** True when there was something to remove. */
export function removeLogin(path: string): boolean {
  try {
    rmSync(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
