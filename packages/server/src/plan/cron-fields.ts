// The cron dialect: text of five fields (or a macro) to the minutes, hours and days it names, or to
// a sentence that says which field is wrong and what to write. It must never guess: what is not
// documented is refused. It knows nothing of time zones.

export type CronFieldName = "minute" | "hour" | "day of month" | "month" | "day of week";

export interface CronProblem {
  /** The field at fault; null when the expression as a whole is. */
  readonly field: CronFieldName | null;
  readonly message: string;
}

export interface CronFields {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly daysOfMonth: ReadonlySet<number>;
  /** 1 to 12. */
  readonly months: ReadonlySet<number>;
  /** 0 to 6, Sunday is 0. */
  readonly daysOfWeek: ReadonlySet<number>;
  /**
   * Whether a day must match day of month and day of week, or one of them is enough. As in Debian's
   * cron both must match when either field begins with `*`, be it with a step or not.
   */
  readonly dayRule: "both" | "either";
  /** False when the minute or hour field begins with `*`: such a job follows the wall clock. */
  readonly isFixedTime: boolean;
}

export type ParsedCron =
  | { readonly ok: true; readonly fields: CronFields }
  | { readonly ok: false; readonly problem: CronProblem };

interface FieldRule {
  readonly name: CronFieldName;
  readonly min: number;
  readonly max: number;
  /** The names of min, min + 1, ... */
  readonly names: readonly string[];
}

const MONTH_NAMES = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(" ");
const DAY_NAMES = "SUN MON TUE WED THU FRI SAT".split(" ");
const SUNDAY_AFTER_SATURDAY = 7;

const MINUTE: FieldRule = { name: "minute", min: 0, max: 59, names: [] };
const HOUR: FieldRule = { name: "hour", min: 0, max: 23, names: [] };
const DAY_OF_MONTH: FieldRule = { name: "day of month", min: 1, max: 31, names: [] };
const MONTH: FieldRule = { name: "month", min: 1, max: 12, names: MONTH_NAMES };
const DAY_OF_WEEK: FieldRule = { name: "day of week", min: 0, max: 7, names: DAY_NAMES };

const FIELD_ORDER = "minute, hour, day of month, month, day of week";

const MACROS: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

// With every value of every field written out an expression has some 360 characters.
export const CRON_LENGTH_MAX = 500;

/** Thrown and caught inside this file only, so that the readers below can stay expressions. */
class FieldRefusal extends Error {}

export function parseCron(expression: string): ParsedCron {
  if (expression.length > CRON_LENGTH_MAX) {
    return refuse(
      `the expression is longer than ${CRON_LENGTH_MAX} characters: shorten its lists to ranges`,
    );
  }
  const text = expression.trim();
  const problem = findProblemOfShape(text);
  if (problem !== undefined) return refuse(problem);
  const parts = (MACROS[text.toLowerCase()] ?? text).split(/\s+/);
  const [minute = "", hour = "", dayOfMonth = "", month = "", dayOfWeek = ""] = parts;
  let rule = MINUTE;
  const read = (next: FieldRule, part: string): number[] => {
    rule = next;
    return readField(next, part);
  };
  try {
    const fields: CronFields = {
      minutes: read(MINUTE, minute),
      hours: read(HOUR, hour),
      daysOfMonth: new Set(read(DAY_OF_MONTH, dayOfMonth)),
      months: new Set(read(MONTH, month)),
      daysOfWeek: new Set(read(DAY_OF_WEEK, dayOfWeek).map((day) => day % SUNDAY_AFTER_SATURDAY)),
      dayRule: dayOfMonth.startsWith("*") || dayOfWeek.startsWith("*") ? "both" : "either",
      isFixedTime: !minute.startsWith("*") && !hour.startsWith("*"),
    };
    const impossible = findImpossibleDate(fields);
    return impossible === undefined
      ? { ok: true, fields }
      : { ok: false, problem: { field: "day of month", message: impossible } };
  } catch (error) {
    if (!(error instanceof FieldRefusal)) throw error;
    return { ok: false, problem: { field: rule.name, message: error.message } };
  }
}

function refuse(message: string): ParsedCron {
  return { ok: false, problem: { field: null, message } };
}

/** What is wrong with the expression before its fields are looked at. */
function findProblemOfShape(text: string): string | undefined {
  if (text === "") return `the expression is empty: write five fields (${FIELD_ORDER})`;
  const odd = /[^\x21-\x7e\s]/u.exec(text)?.[0];
  if (odd !== undefined) {
    const code = odd.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0");
    return (
      `the expression contains the character U+${code}, which cron does not know: ` +
      "write plain digits, letters and the signs * , - /"
    );
  }
  if (text.startsWith("@")) return findProblemOfMacro(text.toLowerCase());
  if (/^(?:CRON_)?TZ=/i.test(text)) {
    return "a time zone cannot stand in the expression: put it in timezone";
  }
  if (/^\d{4}-\d\d/.test(text)) {
    return `${quote(text)} is a date, not a cron expression: use kind scheduled with run_at`;
  }
  const count = text.split(/\s+/).length;
  if (count === 5) return undefined;
  const found = count === 1 ? "1 field" : `${count} fields`;
  const hint = count > 5 ? ". Seconds and years are not supported" : "";
  return `the expression has ${found}, five are needed: ${FIELD_ORDER}${hint}`;
}

function findProblemOfMacro(text: string): string | undefined {
  if (MACROS[text] !== undefined) return undefined;
  if (text === "@reboot")
    return "@reboot is not supported: a job is not tied to the start of a machine";
  if (text.startsWith("@every")) {
    return "@every is not supported: use kind recurring with every_n_minutes";
  }
  return `${quote(text)} is not a known macro: use one of ${Object.keys(MACROS).join(", ")}`;
}

function readField(rule: FieldRule, text: string): number[] {
  const values = new Set<number>();
  for (const entry of text.split(",")) {
    if (entry === "") {
      throw new FieldRefusal(
        `${rule.name} ${quote(text)} has an empty entry: remove the spare comma`,
      );
    }
    for (const value of readEntry(rule, entry)) values.add(value);
  }
  return [...values].sort((a, b) => a - b);
}

/** One entry of a list: a value, a range, or `*`, the last two with or without a step. */
function readEntry(rule: FieldRule, entry: string): number[] {
  const [span = "", stepText, ...rest] = entry.split("/");
  const bounds = span.split("-");
  if (rest.length > 0 || bounds.length > 2) refuseEntry(rule, entry);
  const step = stepText === undefined ? 1 : readStep(rule, entry, stepText);
  if (span === "*") return listValues(rule.min, rule.max, step);
  const [firstText = "", lastText] = bounds;
  if (firstText === "") {
    if (lastText === undefined && stepText !== undefined) {
      throw new FieldRefusal(
        `${rule.name} ${quote(entry)} has nothing to step through: write */${step}`,
      );
    }
    refuseEntry(rule, entry);
  }
  const first = readValue(rule, firstText);
  if (lastText === undefined) {
    if (stepText === undefined) return [first];
    throw new FieldRefusal(
      `${rule.name} ${quote(entry)} has a step but no range: write ${first}-${rule.max}/${step}`,
    );
  }
  if (lastText === "") refuseEntry(rule, entry);
  let last = readValue(rule, lastText);
  // Sunday at the end of a range is the one after Saturday: FRI-SUN.
  if (rule === DAY_OF_WEEK && isName(lastText) && last === 0 && first > 0) {
    last = SUNDAY_AFTER_SATURDAY;
  }
  if (first > last) refuseBackwardRange(rule, firstText, lastText);
  return listValues(first, last, step);
}

function listValues(first: number, last: number, step: number): number[] {
  const values: number[] = [];
  for (let value = first; value <= last; value += step) values.push(value);
  return values;
}

function readStep(rule: FieldRule, entry: string, text: string): number {
  if (!/^\d+$/.test(text)) {
    throw new FieldRefusal(`${rule.name} ${quote(entry)} has no number after the slash: write */5`);
  }
  const step = Number(text);
  // A longer step would name the first value only, which nobody means by it.
  const stepMax = rule === DAY_OF_WEEK ? 7 : rule.max - rule.min + 1;
  if (step >= 1 && step <= stepMax) return step;
  const other =
    rule === MINUTE && step > stepMax ? `; for every ${clip(text)} minutes use kind recurring` : "";
  throw new FieldRefusal(
    `${rule.name} step ${clip(text)} is out of range: use 1 to ${stepMax}${other}`,
  );
}

function readValue(rule: FieldRule, text: string): number {
  if (/^\d+$/.test(text)) {
    const value = Number(text);
    if (value >= rule.min && value <= rule.max) return value;
    throw new FieldRefusal(
      `${rule.name} ${clip(text)} is out of range: use ${describeValues(rule)}`,
    );
  }
  const index = rule.names.indexOf(text.toUpperCase());
  if (index >= 0) return rule.min + index;
  throw new FieldRefusal(explainUnknownValue(rule, text));
}

function explainUnknownValue(rule: FieldRule, text: string): string {
  const upper = text.toUpperCase();
  const shown = quote(text);
  if (text.includes("*"))
    return `${rule.name} ${shown} mixes * with something else: write * alone or */5`;
  if (text.includes("?")) return `${rule.name} ${shown}: ? is not supported, write *`;
  if (text.includes("#")) {
    return `${rule.name} ${shown}: # (the nth weekday of a month) is not supported`;
  }
  if (text.startsWith("+")) return `${rule.name} ${shown}: + is not supported`;
  if (/^(?:\d+|[A-Z]{3})?LW?$/.test(upper))
    return `${rule.name} ${shown}: L (last) is not supported`;
  if (/^\d*W$/.test(upper)) return `${rule.name} ${shown}: W (nearest weekday) is not supported`;
  const short = rule.names.find((name) => upper.startsWith(name));
  if (short !== undefined) return `${rule.name} ${shown} is not a short name: write ${short}`;
  if (DAY_NAMES.includes(upper)) {
    return `${rule.name} ${shown} is a day of the week, which belongs in the fifth field`;
  }
  if (MONTH_NAMES.includes(upper)) {
    return `${rule.name} ${shown} is a month, which belongs in the fourth field`;
  }
  return `${rule.name} ${shown} is not understood: use ${describeValues(rule)}`;
}

function describeValues(rule: FieldRule): string {
  const range = `${rule.min} to ${rule.max}`;
  if (rule === DAY_OF_WEEK) return `${range} (0 and 7 are Sunday) or SUN to SAT`;
  return rule === MONTH ? `${range} or JAN to DEC` : range;
}

function refuseEntry(rule: FieldRule, entry: string): never {
  throw new FieldRefusal(
    `${rule.name} ${quote(entry)} is not understood: write a value, a range such as 1-5, or */2`,
  );
}

/** Suggests the two ranges that a range over the end of the hour, day, year or week stands for. */
function refuseBackwardRange(rule: FieldRule, first: string, last: string): never {
  const isNamed = isName(first) && isName(last);
  const end = isNamed ? (rule.names.at(-1) ?? "") : String(rule === DAY_OF_WEEK ? 6 : rule.max);
  const start = isNamed ? (rule.names[0] ?? "") : String(rule.min);
  const join = (from: string, to: string) =>
    from.toUpperCase() === to.toUpperCase() ? from : `${from}-${to}`;
  const instead = `${join(first, end)},${join(start, last)}`;
  throw new FieldRefusal(
    `${rule.name} ${quote(`${first}-${last}`)} runs backwards: write ${instead}`,
  );
}

/** An expression whose days are in none of its months would never fire. */
function findImpossibleDate(fields: CronFields): string | undefined {
  if (fields.dayRule === "either") return undefined;
  for (const month of fields.months) {
    for (const day of fields.daysOfMonth) {
      if (day <= longestOf(month)) return undefined;
    }
  }
  const days = [...fields.daysOfMonth].join(" or ");
  const months = [...fields.months].map((month) => MONTH_NAMES[month - 1]).join(" or ");
  return `this can never fire: there is no day ${days} in ${months}`;
}

/** 29 February comes on every day of the week, so day of week never makes a date impossible. */
function longestOf(month: number): number {
  if (month === 2) return 29;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

function isName(text: string): boolean {
  return /^[a-z]/i.test(text);
}

function quote(text: string): string {
  return `"${clip(text)}"`;
}

// Longer than every sensible entry; the person has the expression before their eyes anyway.
function clip(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
