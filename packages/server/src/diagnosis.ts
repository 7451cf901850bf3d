// What `trigrun doctor` says of one thing it looked at, and how that is written: for a person, a
// line each; for a program, JSON. Pure.

/** In the order in which they are told. */
export const checkNames = [
  "settings",
  "disk",
  "database",
  "schema",
  "connections",
  "pooler",
  "notices",
  "clock",
  "key",
  "nodes",
  "work",
  "dns",
  "smtp",
  "public_url",
] as const;
export type CheckName = (typeof checkNames)[number];

/** `skipped`: could not be looked at, because of something that another line tells. */
type Status = "ok" | "warning" | "failed" | "skipped";

/** What was measured, as a sentence, and what to do about it where there is something to do. */
export interface Finding {
  readonly status: Status;
  readonly message: string;
  readonly advice?: string;
}

export interface Diagnosis extends Finding {
  readonly name: CheckName;
}

export const ok = (message: string): Finding => ({ status: "ok", message });
export const skipped = (message: string): Finding => ({ status: "skipped", message });
export const warning = (message: string, advice: string): Finding => ({
  ...{ status: "warning", message, advice },
});
export const failed = (message: string, advice: string): Finding => ({
  ...{ status: "failed", message, advice },
});

export function hasFailed(diagnoses: readonly Diagnosis[]): boolean {
  return diagnoses.some(({ status }) => status === "failed");
}

/** A line for each, in columns, and one that counts them. */
export function toText(diagnoses: readonly Diagnosis[]): string {
  const width = Math.max(...checkNames.map((name) => name.length));
  const lines = diagnoses.map(({ name, status, message, advice }) => {
    const sentence = advice === undefined ? message : `${message} ${advice}`;
    // One line each, whatever stands in the words of others.
    return `${status.padEnd(7)}  ${name.padEnd(width)}  ${sentence.replace(/\s*\n\s*/g, " ")}`;
  });
  return [...lines, "", count(diagnoses), ""].join("\n");
}

function count(diagnoses: readonly Diagnosis[]): string {
  const of = (status: Status) => diagnoses.filter((each) => each.status === status).length;
  const warnings = of("warning");
  const skips = of("skipped");
  return (
    `${of("ok")} ok, ${warnings} ${warnings === 1 ? "warning" : "warnings"}, ` +
    `${of("failed")} failed${skips > 0 ? `, ${skips} not looked at` : ""}.`
  );
}

export function toJson(version: string, diagnoses: readonly Diagnosis[]): string {
  const checks = diagnoses.map(({ name, status, message, advice = null }) => ({
    ...{ name, status, message, advice },
  }));
  const status = hasFailed(diagnoses) ? "failed" : "ok";
  return `${JSON.stringify({ version, status, checks }, null, 2)}\n`;
}
