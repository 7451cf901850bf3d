// A receiver and a mail server that give back the credentials that they were called with, in every
// spelling that servers write into their answers. Real sockets on loopback.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";

/** Every spelling in which an answer may hold a text. */
export function spellingsOf(text: string): string[] {
  const json = JSON.stringify(text).slice(1, -1);
  const url = encodeURIComponent(text);
  const html = text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("'", "&#39;");
  const bytes = Buffer.from(text);
  return [
    ...[text, json, JSON.stringify(json).slice(1, -1), json.replaceAll("/", "\\/")],
    ...[
      url,
      url.toLowerCase(),
      encodeURIComponent(url),
      encodeURI(text),
      url.replaceAll("%20", "+"),
    ],
    ...[html, bytes.toString("base64"), bytes.toString("base64url"), bytes.toString("hex")],
  ];
}

/** Also inside something that is encoded as a whole, wherever it begins there. */
export function embeddingsOf(text: string): string[] {
  return ["", "a", "ab"].map((before) => Buffer.from(`${before}${text}|`).toString("base64"));
}

export interface HostileEcho {
  readonly url: string;
  readonly paths: string[];
  /** What it gives back; each text is a credential. */
  says(secrets: readonly string[], status: number): void;
  stop(): Promise<void>;
}

export async function startHostileEcho(): Promise<HostileEcho> {
  let secrets: readonly string[] = [];
  let status = 500;
  const paths: string[] = [];
  const answer = (request: IncomingMessage, response: ServerResponse, body: string) => {
    paths.push(request.url ?? "");
    const used = secrets.filter((secret) => isUsed(secret, request, body));
    const all = used.flatMap((secret) => [...spellingsOf(secret), ...embeddingsOf(secret)]);
    const call = JSON.stringify({ path: request.url, headers: request.headers, body });
    // Vendors put their words into one of these, and reasons quote them.
    const words = used.join(" ");
    const json = { message: words, error: words, error_description: words, description: words };
    // Header values are ASCII here; the names of some are credentials too.
    const fields = Object.fromEntries(used.map((secret, n) => [`x-echo-${n}`, secret]));
    const names = Object.fromEntries(used.filter(isName).map((secret) => [secret, "1"]));
    response.writeHead(status, used[0] ?? "Echo", { ...fields, ...names });
    response.end(JSON.stringify({ ...json, errors: [words], all, call, raw: spellingsOf(call) }));
  };
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => answer(request, response, body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A listening TCP server has an address with a port.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    paths,
    says(texts, code) {
      secrets = texts;
      status = code;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A receiver knows what it was called with, and no more. */
function isUsed(secret: string, { url, headers }: IncomingMessage, body: string): boolean {
  const basic = /^Basic (.+)$/.exec(String(headers["x-basic"] ?? ""))?.[1] ?? "";
  const texts = [url ?? "", decodeURIComponent(url ?? ""), JSON.stringify(headers), body];
  texts.push(...Object.values(headers).map(String), Buffer.from(basic, "base64").toString());
  return texts.some((text) => text.includes(secret));
}

/** Whether it can be the name of a header (RFC 9110). */
function isName(secret: string): boolean {
  return /^[\w-]+$/.test(secret);
}

/** A mail server that refuses the password and quotes it. */
export async function startQuotingMailServer(password: string) {
  const encoded = Buffer.from(`\0robot\0${password}`).toString("base64");
  const server = new SMTPServer({
    hideSTARTTLS: true,
    allowInsecureAuth: true,
    onAuth(_auth, _session, callback) {
      const message = `no ${password}, ${encodeURIComponent(password)} nor ${encoded}`;
      callback(Object.assign(new Error(message), { responseCode: 535 }));
    },
  });
  server.on("error", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A listening TCP server has an address with a port.
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `smtp://robot:${encodeURIComponent(password)}@127.0.0.1:${port}`,
    stop: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
