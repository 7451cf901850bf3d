// One run of one command: the client, and what it says to whom. Answers go to standard output,
// everything else to standard error, so that a pipe holds nothing but the answer.
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { type Client, createClient, type TrigRunApi } from "@trigrun/contract";
import { type Connection, openConnection, requestTimeoutMs } from "./connection.ts";
import { neutralise, toSafeJson } from "./display.ts";
import { type Circumstances, CliError } from "./errors.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { userAgent } from "./identity.ts";
import type { View } from "./render.ts";
import type { Settings } from "./settings.ts";
import { canAsk, type Surroundings } from "./surroundings.ts";

export interface Terms {
  readonly isJson: boolean;
  readonly settings: Settings;
  readonly view: View;
  /** The view for what goes to standard error. */
  readonly asideView: View;
}

export class Session {
  readonly isJson: boolean;
  readonly view: View;
  readonly asideView: View;
  readonly settings: Settings;
  readonly surroundings: Surroundings;
  /** What the program ends with when nothing is thrown. */
  exitCode: ExitCode = exitCodes.ok;
  #connection: Connection | undefined;
  #hasShown = false;

  constructor(terms: Terms, surroundings: Surroundings) {
    this.isJson = terms.isJson;
    this.view = terms.view;
    this.asideView = terms.asideView;
    this.settings = terms.settings;
    this.surroundings = surroundings;
  }

  /** The client of the API. Asking for it without a token is refused before anything is sent. */
  get client(): Client<TrigRunApi> {
    const { token, url, otherLoginUrl } = this.settings;
    if (token === undefined) throw notLoggedIn(url, otherLoginUrl);
    return this.connect(url, token);
  }

  /** Without a token only for what signs in. */
  connect(url: string, token?: string): Client<TrigRunApi> {
    this.#connection = openConnection({
      baseUrl: url,
      signal: this.surroundings.signal,
      timeoutMs: requestTimeoutMs,
    });
    const { fetch } = this.#connection;
    return createClient({
      ...{ baseUrl: url, userAgent, fetch },
      ...(token === undefined ? {} : { token }),
    });
  }

  /** What an error report should know about the last call. */
  get circumstances(): Circumstances {
    const { url, tokenSource } = this.settings;
    return { url, tokenSource, requestId: this.#connection?.lastRequestId() };
  }

  /** The answer: the API's JSON for programs, a text for people. */
  show<T>(answer: T, toText: (answer: T) => string): void {
    const text = this.isJson ? toSafeJson(answer) : toText(answer);
    if (text === "") return;
    this.surroundings.stdout.write(`${text}\n`);
    this.#hasShown = true;
  }

  /** A sentence for people about an answer without a body. Programs go by the exit code. */
  say(sentence: string): void {
    if (!this.isJson) this.surroundings.stdout.write(`${neutralise(sentence)}\n`);
  }

  /** A remark beside the answer, such as the next useful command. */
  hint(sentence: string): void {
    if (this.isJson) return;
    const { stderr } = this.surroundings;
    // On a terminal the remarks stand apart from the answer.
    const gap = this.#hasShown && stderr.isTTY === true ? "\n" : "";
    this.#hasShown = false;
    stderr.write(`${gap}${this.asideView.paint("quiet", neutralise(sentence))}\n`);
  }

  /** Asks before something is lost. Where nobody can answer (a script), it goes on. */
  async confirm(question: string, isAssumed: boolean): Promise<void> {
    if (isAssumed || !canAsk(this.surroundings)) return;
    const answer = await this.#ask(`${neutralise(question)} [y/N] `, false);
    if (/^\s*y(es)?\s*$/i.test(answer)) return;
    throw new CliError("declined", exitCodes.declined, "Nothing was changed.");
  }

  /** Asks for a text that may be seen. */
  async askText(question: string): Promise<string> {
    return this.#ask(question, false);
  }

  /** Asks for a text that must not be seen. */
  async askSecret(question: string): Promise<string> {
    return this.#ask(question, true);
  }

  async #ask(question: string, isHidden: boolean): Promise<string> {
    const { stdin, stderr, signal } = this.surroundings;
    let isMuted = false;
    const output = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        if (!isMuted) stderr.write(chunk.toString("utf8"));
        done();
      },
    });
    const lines = createInterface({ input: stdin, output, terminal: isHidden });
    const stop = new AbortController();
    lines.once("SIGINT", () => stop.abort());
    // The end of the input answers no question.
    lines.once("close", () => stop.abort());
    try {
      const answer = lines.question(question, { signal: AbortSignal.any([signal, stop.signal]) });
      isMuted = isHidden;
      return await answer;
    } catch {
      throw new CliError("interrupted", exitCodes.interrupted, "Interrupted.");
    } finally {
      lines.close();
      if (isHidden) stderr.write("\n");
    }
  }
}

function notLoggedIn(url: string, otherLoginUrl: string | undefined): CliError {
  const other =
    otherLoginUrl === undefined
      ? ""
      : ` The stored login is for ${otherLoginUrl} and its token is sent to no other address.`;
  return new CliError(
    "unauthorized",
    exitCodes.unauthorized,
    `Not logged in to ${url}.${other} Run \`cronctl login\` or set CRON_TOKEN.`,
  );
}
