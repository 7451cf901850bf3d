// What a service's answer means, in its own name and with what to do about it. The codes are those
// of `judgeStrictly`; a service adds the words and, where it documents any, its exceptions.
import { judgeStrictly, quote, type Reply, readJsonObject, type Verdict } from "./verdict.ts";

export interface Service {
  /** As a sentence begins: "PagerDuty", "The ntfy server". */
  readonly name: string;
  /** What to do about a status, as the end of a sentence without its period. */
  readonly advice: Readonly<Record<number, string>>;
  /** What the service says in its JSON, before all else that it says. */
  readonly wordsOf: (json: Readonly<Record<string, unknown>>) => string | null;
}

export function judgeService(reply: Reply, service: Service): Verdict {
  const verdict = judgeStrictly(reply);
  if (verdict.verdict === "sent") return isWebPage(reply) ? refusePage(reply, service) : verdict;
  const advice = service.advice[reply.statusCode];
  const words = wordsOf(reply, service);
  if (advice === undefined && words === null) return verdict;
  const answer = `${service.name} answered ${reply.statusCode}`;
  const what = advice === undefined ? `${answer}.` : `${answer}: ${advice}.`;
  return { ...verdict, reason: words === null ? what : `${what} It said: ${words}` };
}

/** An address that is something else answers with a page; nobody would ever read the message. */
function refusePage({ statusCode }: Reply, { name }: Service): Verdict {
  const reason = `${name} answered ${statusCode} with a web page: this address is something else.`;
  return { verdict: "permanent", reason };
}

function wordsOf(reply: Reply, service: Service): string | null {
  const json = readJsonObject(reply.body);
  if (json !== null) return quote(service.wordsOf(json) ?? "") || null;
  return isWebPage(reply) ? null : quote(reply.body) || null;
}

function isWebPage({ body }: Reply): boolean {
  return body.trimStart().startsWith("<");
}

/** The value where it is text. */
export function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
