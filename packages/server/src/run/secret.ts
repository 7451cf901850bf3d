// References to secrets in a job's request, `secret://name`: found, and filled in for one attempt.
// Pure. A filled request must go nowhere but onto the wire.
import type { JobRequest } from "@trigrun/contract";

/** The secrets of a job's workspace that an attempt asked for. A name that is neither is none. */
export interface OpenedSecrets {
  readonly values: ReadonlyMap<string, string>;
  /** Those that do not open: their encryption key is gone, or their row was changed by hand. */
  readonly unreadable: ReadonlySet<string>;
}

export const noSecrets: OpenedSecrets = { values: new Map(), unreadable: new Set() };

interface Seen {
  /** Each value that was filled in, with the reference that stands for it in every record. */
  readonly masks: ReadonlyMap<string, string>;
  readonly warnings: readonly string[];
}

export type Filled = Seen &
  (
    | {
        readonly kind: "filled";
        readonly request: JobRequest;
        /** In lower case, the headers that hold a secret now. */
        readonly secretHeaders: readonly string[];
      }
    // What must not be sent: an attempt without a request.
    | { readonly kind: "unsendable"; readonly errorClass: string; readonly message: string }
  );

// The contract's names; a longer one is the name of no secret.
const reference = /secret:\/\/([A-Za-z0-9_-]+)/g;
const nameLengthMax = 100;
// Each name costs a look-up and a sentence. No request that anybody writes refers to so many.
const namesMax = 1_000;
const warningsMax = 10;
// The body of a request may have 1 MiB; references in it must not make it grow without end.
const lengthMax = 4_000_000;
// RFC 9110, field-content, as the contract has it for what is written in a job.
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/;

// What every reference begins with. Most requests hold none, and are not taken apart for it.
const beginning = "secret://";

function isPlain(value: unknown): boolean {
  if (typeof value === "string") return !value.includes(beginning);
  if (typeof value !== "object" || value === null) return true;
  return Object.values(value).every(isPlain);
}

const hasNoReference = ({ headers, body }: JobRequest) => isPlain(headers) && isPlain(body);

/** The names that headers and body refer to, each once. */
export function findSecretNames(request: JobRequest): string[] {
  if (hasNoReference(request)) return [];
  const names = new Set<string>();
  const collect = (text: string) => {
    for (const [, name = ""] of text.matchAll(reference)) {
      if (names.size < namesMax && name.length <= nameLengthMax) names.add(name);
    }
    return text;
  };
  for (const value of Object.values(request.headers)) collect(value);
  mapTexts(request.body, collect);
  return [...names];
}

const nothingSeen = { masks: new Map(), warnings: [], secretHeaders: [] } as const;

/** The request with its references filled in. A name without a secret stays as it is written. */
export function fillSecrets(request: JobRequest, opened: OpenedSecrets): Filled {
  if (hasNoReference(request)) return { ...nothingSeen, kind: "filled", request };
  const filler = new Filler(opened);
  const headers = Object.entries(request.headers).map(
    ([key, value]) => [key, filler.fill(value)] as const,
  );
  const body = mapTexts(request.body, (text) => filler.fill(text));
  const seen = { masks: filler.masks, warnings: filler.warnings };
  const fault = filler.fault ?? findUnfitHeader(headers);
  if (fault !== undefined) return { ...seen, kind: "unsendable", ...fault };
  const secretHeaders = headers
    .filter(([key, value]) => value !== request.headers[key])
    .map(([key]) => key.toLowerCase());
  const filled = { ...request, headers: toObject(headers), body };
  return { ...seen, kind: "filled", request: filled, secretHeaders };
}

interface Fault {
  readonly errorClass: string;
  readonly message: string;
}

class Filler {
  readonly masks = new Map<string, string>();
  fault: Fault | undefined;
  readonly #opened: OpenedSecrets;
  readonly #missing = new Set<string>();
  #length = 0;

  constructor(opened: OpenedSecrets) {
    this.#opened = opened;
  }

  get warnings(): string[] {
    const told = [...this.#missing].slice(0, warningsMax).map(warnOfSent);
    const others = this.#missing.size - told.length;
    return others > 0 ? [...told, `${others} more references name no secret.`] : told;
  }

  fill(text: string): string {
    return text.replaceAll(reference, (whole: string, name: string) => this.#valueOf(whole, name));
  }

  #valueOf(whole: string, name: string): string {
    const value = this.#opened.values.get(name);
    if (value === undefined) {
      if (this.#opened.unreadable.has(name)) this.fault ??= toUnreadable(name);
      else if (this.#missing.size < namesMax) this.#missing.add(name);
      return whole;
    }
    this.masks.set(value, whole);
    this.#length += value.length;
    if (this.#length <= lengthMax) return value;
    this.fault ??= {
      errorClass: "invalid_request",
      message: "The request was not made: its secrets, filled in, have over 4 million characters.",
    };
    return "";
  }
}

/** For an attempt that was made. */
function warnOfSent(name: string): string {
  const shown = show(name);
  return `There is no secret "${shown}": "secret://${shown}" was sent as it is written.`;
}

/** For a job, before anything is sent. */
export function warnOfMissing(names: readonly string[]): string[] {
  return names
    .slice(0, warningsMax)
    .map((name) => `There is no secret "${name}": "secret://${name}" is sent as it is written.`);
}

function show(name: string): string {
  return name.length > nameLengthMax ? `${name.slice(0, nameLengthMax)}…` : name;
}

function toUnreadable(name: string): Fault {
  return {
    errorClass: "secret_unreadable",
    message:
      `The request was not made: the secret "${name}" cannot be decrypted. Give it its value ` +
      "again, or start this node with the encryption key that it was sealed with.",
  };
}

function findUnfitHeader(headers: readonly (readonly [string, string])[]): Fault | undefined {
  const unfit = headers.find(([, value]) => !headerValue.test(value));
  return (
    unfit && {
      errorClass: "invalid_request",
      message:
        `The request was not made: with its secrets filled in, the header "${unfit[0]}" holds a ` +
        "line break or a character that no header can carry.",
    }
  );
}

/** Without `__proto__` becoming anything but a key. */
function toObject<T>(entries: readonly (readonly [string, T])[]): Record<string, T> {
  return Object.fromEntries(entries);
}

/** Every text in a JSON value but its keys. The contract bounds how deep it nests. */
function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(
    ([key, item]) => [key, mapTexts(item, change)] as const,
  );
  return toObject(entries);
}
