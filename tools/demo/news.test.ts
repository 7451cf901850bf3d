// What is printed of executions and deliveries: each thing once, as soon as it can be said.
import { describe, expect, it } from "vitest";
import { makeAttempt, makeDelivery, makeExecution, makeTry } from "./fixtures.ts";
import { newsOfDelivery, newsOfExecution } from "./news.ts";
import { failedRun, mendedRun } from "./script.ts";

const texts = (news: readonly { readonly what: string }[]) => news.map(({ what }) => what);

const queued = makeExecution(failedRun, {
  ...{ status: "queued", started_at: null, finished_at: null, attempts: [] },
});
const inFirstBackoff = makeExecution(failedRun, {
  ...{ status: "running", finished_at: null, attempts: [makeAttempt(1, 503)] },
});
const ended = makeExecution(failedRun, { reason: "All 3 attempts failed." });

describe("news of an execution", () => {
  it("say first what has made it and when it is due", () => {
    const [line] = texts(newsOfExecution(undefined, queued));
    expect(line).toMatch(/^exec_a+, by schedule, due at 10:00:01\.000 UTC$/);
  });

  it("say nothing when nothing has changed", () => {
    for (const same of [queued, inFirstBackoff, ended])
      expect(newsOfExecution(same, same)).toEqual([]);
  });

  it("say that it has started once its first attempt proves it", () => {
    expect(texts(newsOfExecution(queued, inFirstBackoff))).toEqual([
      "started 0 ms after it was due",
    ]);
  });

  it("tell an attempt at once when the time of the next one is known", () => {
    const next = { ...inFirstBackoff, next_attempt_at: "2026-11-23T10:00:01.280Z" };
    expect(texts(newsOfExecution(inFirstBackoff, next))).toEqual([
      "attempt 1: 503 in 100 ms, tried again 180 ms later",
    ]);
  });

  it("tell an attempt held back once the next one is there, and the last one at the end", () => {
    expect(texts(newsOfExecution(inFirstBackoff, ended))).toEqual([
      "attempt 1: 503 in 100 ms, tried again 900 ms later",
      "attempt 2: 503 in 100 ms, tried again 900 ms later",
      "attempt 3: 503 in 100 ms",
      "failed after 3 attempts\nAll 3 attempts failed.",
    ]);
  });

  it("tell all of one that was over before anybody looked", () => {
    const news = newsOfExecution(undefined, makeExecution(mendedRun));
    expect(texts(news).slice(-2)).toEqual([
      "attempt 2: 200 in 100 ms",
      "succeeded after 2 attempts",
    ]);
    expect(news.at(-1)?.tone).toBe("good");
  });

  it("name the error where there was no answer", () => {
    const attempt = { ...makeAttempt(1, 0), status_code: null, error_message: "refused" };
    const news = newsOfExecution(inFirstBackoff, { ...ended, attempts: [attempt] });
    expect(texts(news)).toEqual([
      "attempt 1: refused in 100 ms",
      "failed after 1 attempt\nAll 3 attempts failed.",
    ]);
  });
});

describe("news of a delivery", () => {
  const fresh = makeDelivery({ status: "pending", finished_at: null, attempts: [] });

  it("say nothing before the first try", () => {
    expect(newsOfDelivery(undefined, fresh)).toEqual([]);
  });

  it("tell each try once, with its answer", () => {
    const sent = makeDelivery();
    expect(texts(newsOfDelivery(fresh, sent))).toEqual([
      "on_failure    → slack-alerts   sent, try 1: 200 ok",
    ]);
    expect(newsOfDelivery(sent, sent)).toEqual([]);
  });

  it("say when a failed try is made again", () => {
    const waiting = makeDelivery({ status: "pending", attempts: [makeTry(1, "retry")] });
    const [line] = texts(newsOfDelivery(fresh, waiting));
    expect(line).toContain("try 1: 500, tried again in 4.9 s");
  });

  it("say why it failed", () => {
    const failed = makeDelivery({ status: "failed", reason: "Slack said no.", attempts: [] });
    const news = newsOfDelivery(fresh, failed);
    expect(texts(news).join()).toContain("failed: Slack said no.");
    expect(news.at(-1)?.tone).toBe("bad");
  });

  it("leave out a body that is long or has lines, and a mail server's second code", () => {
    const lineOf = (body: string) => {
      const attempt = makeTry(1, "sent");
      const response = attempt.response && { ...attempt.response, status_code: 250, body };
      const attempts = [{ ...attempt, response }];
      return texts(newsOfDelivery(fresh, makeDelivery({ attempts })))[0];
    };
    expect(lineOf("x".repeat(100))).toMatch(/try 1: 250$/);
    expect(lineOf("a\nb")).toMatch(/try 1: 250$/);
    expect(lineOf("250 OK")).toMatch(/try 1: 250 OK$/);
  });
});
