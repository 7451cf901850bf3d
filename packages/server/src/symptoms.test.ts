// From which figure on the doctor warns, and from which on it says that something has failed.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checkNames, type Diagnosis, hasFailed, toJson, toText } from "./diagnosis.ts";
import * as symptoms from "./symptoms.ts";

const mib = 2 ** 20;

describe("the disk", () => {
  const disk = { dir: "/data", isWritable: true, holdsDatabase: true };
  it.each([
    [2_048, true, "ok"],
    [1_023, true, "warning"],
    [255, true, "failed"],
    [17, false, "ok"],
    [15, false, "warning"],
    [0.5, false, "failed"],
  ])("with %d MiB free (database there: %s) is %s", (free, holdsDatabase, status) => {
    const found = symptoms.judgeDisk({ ...disk, holdsDatabase, freeBytes: free * mib });
    expect(found.status).toBe(status);
  });

  it("that this user may not write to has failed, however much is free", () => {
    const found = symptoms.judgeDisk({ ...disk, isWritable: false, freeBytes: 4_096 * mib });
    expect(found).toMatchObject({ status: "failed", message: /may not write/ });
  });
});

describe("the clock", () => {
  it.each([
    [0, 0.2, "ok", "agree"],
    [-900, 1, "ok", "900 ms behind"],
    [1_500, 1, "warning", "1.5 s ahead of"],
    [-61_000, 1, "failed", "61 s behind"],
    [61_000, 2_000, "warning", "61 s ahead of"],
    [7_200_000, 1, "failed", "2 hours ahead of"],
  ])("off by %d ms, give or take %d, is %s", (aheadMs, errorMs, status, words) => {
    const found = symptoms.judgeClock(aheadMs, errorMs);
    expect(found.status).toBe(status);
    expect(found.message).toContain(words);
  });
});

describe("connections", () => {
  it("are short where one more node finds no room for its pool and what stands beside it", () => {
    expect(symptoms.judgeConnections({ left: 15, max: 100, pool: 12 }).status).toBe("ok");
    expect(symptoms.judgeConnections({ left: 14, max: 100, pool: 12 }).status).toBe("warning");
  });
});

describe("work", () => {
  const none = { due: 0, oldestMs: 0 };
  const work = { executions: none, deliveries: none, plannerLagMs: 0 };

  it("that waits for a minute has failed where nodes run, and is a warning where none does", () => {
    const late = { ...work, deliveries: { due: 2, oldestMs: 61_000 } };
    expect(symptoms.judgeWork(late, 1)).toMatchObject({ status: "failed", advice: /more of them/ });
    expect(symptoms.judgeWork(late, 0)).toMatchObject({ status: "warning", advice: /start one/ });
    expect(symptoms.judgeWork(late, 1).message).toBe(
      "2 deliveries are due and taken by no node, the oldest for 61 s.",
    );
  });

  it("that has just become due is no news", () => {
    const young = { ...work, executions: { due: 1, oldestMs: 59_000 }, plannerLagMs: 500 };
    const found = symptoms.judgeWork(young, 1);
    expect(found.status).toBe("ok");
    expect(found.message).toMatch(/^1 execution is due .*; the next slot .* for 500 ms/);
  });

  it("that nobody plans is told of with the words of the log", () => {
    const found = symptoms.judgeWork({ ...work, plannerLagMs: 90_000 }, 1);
    expect(found).toMatchObject({ status: "failed", advice: /a job could not be planned/ });
  });
});

describe("names", () => {
  const good = { name: "a.example", ms: 3, addresses: ["192.0.2.1"], error: undefined };
  const lost = { name: "b.example", ms: 3, addresses: undefined, error: "ENOTFOUND" };

  it("are a warning where some are lost, and have failed where all are", () => {
    const fine = { ...good, refusal: undefined };
    const gone = { ...lost, refusal: undefined };
    expect(symptoms.judgeNames([fine], []).status).toBe("ok");
    const some = symptoms.judgeNames([fine, gone], ["192.0.2.53"]);
    expect(some).toMatchObject({ status: "warning", message: /b\.example \(ENOTFOUND\)/ });
    expect(some.message).toContain("by 192.0.2.53");
    expect(symptoms.judgeNames([gone], []).status).toBe("failed");
    expect(symptoms.judgeNames([{ ...fine, ms: 1_001 }], []).status).toBe("warning");
  });

  it("that lead where jobs may not go are told with the reason", () => {
    const found = symptoms.judgeNames([{ ...good, refusal: "it is a private address" }], []);
    expect(found).toMatchObject({ status: "warning", message: /a private address/ });
  });
});

describe("the public address", () => {
  const base = { living: 1, isShared: false };
  it("is a warning without TLS, but for this machine itself", () => {
    const answer = { kind: "health" } as const;
    const judge = (url: string) => symptoms.judgePublicUrl({ ...base, url, answer }).status;
    expect(judge("https://cron.example.com")).toBe("ok");
    expect(judge("http://127.0.0.1:7400")).toBe("ok");
    expect(judge("http://cron.example.com")).toBe("warning");
    expect(judge("http://127.0.0.1.example.com")).toBe("warning");
  });

  it("has to be set where mail leaves or nodes share a database", () => {
    const unset = { ...base, url: undefined, answer: undefined };
    expect(symptoms.judgePublicUrl(unset).status).toBe("ok");
    expect(symptoms.judgePublicUrl({ ...unset, isShared: true }).status).toBe("warning");
  });
});

describe("the mail server", () => {
  const answered = { server: "mail.example:25", ms: 4 };
  it.each([
    [true, true, "ok"],
    [false, true, "warning"],
    [true, false, "warning"],
    [false, undefined, "ok"],
  ])("with TLS %s and a login %s is %s", (isEncrypted, isLoggedIn, status) => {
    expect(symptoms.judgeMail({ ...answered, isEncrypted, isLoggedIn }).status).toBe(status);
  });

  it("has failed where one half of its settings is missing", () => {
    const half = { hasUrl: true, hasFrom: false, channels: 0 };
    expect(symptoms.judgeMailSettings(half)).toMatchObject({ status: "failed", message: /_FROM/ });
    const none = { hasUrl: false, hasFrom: false, channels: 2 };
    expect(symptoms.judgeMailSettings(none)).toMatchObject({ status: "warning" });
    expect(symptoms.judgeMailSettings({ ...none, channels: 0 }).status).toBe("ok");
  });
});

describe("the document", () => {
  it("has a row for every check, in their order", () => {
    const file = new URL("../../../docs/operating/doctor.md", import.meta.url);
    const rows = [...readFileSync(file, "utf8").matchAll(/^\| `([a-z_]+)` \|/gm)];
    expect(rows.map(([, name]) => name)).toEqual(checkNames);
  });
});

describe("what is said", () => {
  const diagnoses: Diagnosis[] = [
    { name: "settings", status: "ok", message: "Fine." },
    { name: "database", status: "failed", message: "Two\nlines.", advice: "Mend it." },
    { name: "schema", status: "skipped", message: "Not looked at: no database." },
  ];

  it("is a line for each, and one that counts them", () => {
    expect(toText(diagnoses).split("\n")).toEqual([
      "ok       settings     Fine.",
      "failed   database     Two lines. Mend it.",
      "skipped  schema       Not looked at: no database.",
      "",
      "1 ok, 0 warnings, 1 failed, 1 not looked at.",
      "",
    ]);
  });

  it("is JSON for programs, with every key in every check", () => {
    expect(JSON.parse(toJson("1.2.3", diagnoses))).toMatchObject({
      version: "1.2.3",
      status: "failed",
      checks: [{ name: "settings", advice: null }, { advice: "Mend it." }, { status: "skipped" }],
    });
    expect(hasFailed(diagnoses)).toBe(true);
    expect(hasFailed(diagnoses.filter(({ status }) => status !== "failed"))).toBe(false);
  });
});
