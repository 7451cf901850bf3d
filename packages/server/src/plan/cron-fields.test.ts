// The dialect: what is read as what, and the sentence for everything that is refused.
import { describe, expect, it } from "vitest";
import { CRON_LENGTH_MAX, type CronFieldName, type CronFields, parseCron } from "./cron-fields.ts";

function fieldsOf(expression: string): CronFields {
  const parsed = parseCron(expression);
  if (!parsed.ok) throw new Error(parsed.problem.message);
  return parsed.fields;
}

const sorted = (values: ReadonlySet<number>) => [...values].sort((a, b) => a - b);

describe("parseCron reads", () => {
  it.each([
    ["5", [5]],
    ["05", [5]],
    ["1,3,2,3", [1, 2, 3]],
    ["10-13", [10, 11, 12, 13]],
    ["7-7", [7]],
    ["10-20/5", [10, 15, 20]],
    ["10-12/30", [10]],
    ["*/20", [0, 20, 40]],
    ["*/60", [0]],
    ["58-59,*/30,3", [0, 3, 30, 58, 59]],
  ])("minute %s", (text, minutes) => {
    expect(fieldsOf(`${text} * * * *`).minutes).toEqual(minutes);
  });

  it.each([
    ["0", [0]],
    ["7", [0]],
    ["SUN", [0]],
    ["mon,Wed,FRI", [1, 3, 5]],
    ["MON-FRI", [1, 2, 3, 4, 5]],
    ["mon-fri/2", [1, 3, 5]],
    ["5-7", [0, 5, 6]],
    ["FRI-SUN", [0, 5, 6]],
    ["SUN-TUE", [0, 1, 2]],
    ["SUN-SUN", [0]],
    ["0-7", [0, 1, 2, 3, 4, 5, 6]],
    ["*/2", [0, 2, 4, 6]],
    ["*/7", [0]],
  ])("day of week %s", (text, days) => {
    expect(sorted(fieldsOf(`0 0 * * ${text}`).daysOfWeek)).toEqual(days);
  });

  it.each([
    ["JAN", [1]],
    ["jan-mar,Dec", [1, 2, 3, 12]],
    ["*/5", [1, 6, 11]],
  ])("month %s", (text, months) => {
    expect(sorted(fieldsOf(`0 0 1 ${text} *`).months)).toEqual(months);
  });

  it("blanks of every kind around and between the fields", () => {
    expect(fieldsOf(" \t5\u00a0 6\t\t* \n* * \r\n")).toEqual(fieldsOf("5 6 * * *"));
  });

  it.each([
    ["@yearly", "0 0 1 1 *"],
    ["@annually", "0 0 1 1 *"],
    ["@monthly", "0 0 1 * *"],
    ["@weekly", "0 0 * * 0"],
    ["@daily", "0 0 * * *"],
    ["@midnight", "0 0 * * *"],
    [" @Hourly ", "0 * * * *"],
  ])("%s as %s", (macro, expression) => {
    expect(fieldsOf(macro)).toEqual(fieldsOf(expression));
  });

  it.each([
    ["30 2 * * *", true],
    ["0,30 2-4 * * *", true],
    ["0-59/15 1 * * *", true],
    ["*/15 1 * * *", false],
    ["0 */2 * * *", false],
    ["* 3 * * *", false],
    ["*,5 3 * * *", false],
    // Debian's cron looks at the first character of a field, and so do we.
    ["5,* 3 * * *", true],
  ])("%s as at a fixed time: %s", (expression, isFixedTime) => {
    expect(fieldsOf(expression).isFixedTime).toBe(isFixedTime);
  });

  it.each([
    ["0 0 13 * 5", "either"],
    ["0 0 1-31 * 5", "either"],
    ["0 0 13 * *", "both"],
    ["0 0 * * 5", "both"],
    ["0 0 */2 * 5", "both"],
    ["0 0 13 * */2", "both"],
  ])("the days of %s as %s", (expression, dayRule) => {
    expect(fieldsOf(expression).dayRule).toBe(dayRule);
  });

  it("dates that come in at least one of the months, and 29 February", () => {
    for (const date of ["29 2 *", "31 1-2 *", "30,31 4 *", "31 2 MON", "*/30 2 *", "29 2 */7"]) {
      expect(parseCron(`0 0 ${date}`).ok).toBe(true);
    }
  });
});

const REFUSALS: [string, CronFieldName | null, string][] = [
  ["61 * * * *", "minute", "minute 61 is out of range: use 0 to 59"],
  ["0-60 * * * *", "minute", "minute 60 is out of range: use 0 to 59"],
  ["0 24 * * *", "hour", "hour 24 is out of range: use 0 to 23"],
  ["0 0 0 * *", "day of month", "day of month 0 is out of range: use 1 to 31"],
  ["0 0 1 13 *", "month", "month 13 is out of range: use 1 to 12 or JAN to DEC"],
  [
    "0 0 * * 8",
    "day of week",
    "day of week 8 is out of range: use 0 to 7 (0 and 7 are Sunday) or SUN to SAT",
  ],
  ["0 0 31 2 *", "day of month", "this can never fire: there is no day 31 in FEB"],
  ["0 0 31 4,6 *", "day of month", "this can never fire: there is no day 31 in APR or JUN"],
  ["0 0 30,31 FEB */2", "day of month", "this can never fire: there is no day 30 or 31 in FEB"],
  ["0 22-2 * * *", "hour", 'hour "22-2" runs backwards: write 22-23,0-2'],
  ["0 0 * DEC-FEB *", "month", 'month "DEC-FEB" runs backwards: write DEC,JAN-FEB'],
  ["0 0 * * FRI-MON", "day of week", 'day of week "FRI-MON" runs backwards: write FRI-SAT,SUN-MON'],
  ["0 0 * * 5-0", "day of week", 'day of week "5-0" runs backwards: write 5-6,0'],
  ["1,,2 * * * *", "minute", 'minute "1,,2" has an empty entry: remove the spare comma'],
  [", * * * *", "minute", 'minute "," has an empty entry: remove the spare comma'],
  ["0 1/5 * * *", "hour", 'hour "1/5" has a step but no range: write 1-23/5'],
  ["/5 * * * *", "minute", 'minute "/5" has nothing to step through: write */5'],
  ["*/ * * * *", "minute", 'minute "*/" has no number after the slash: write */5'],
  ["*/x * * * *", "minute", 'minute "*/x" has no number after the slash: write */5'],
  ["*/0 * * * *", "minute", "minute step 0 is out of range: use 1 to 60"],
  [
    "*/90 * * * *",
    "minute",
    "minute step 90 is out of range: use 1 to 60; for every 90 minutes use kind recurring",
  ],
  ["0 */25 * * *", "hour", "hour step 25 is out of range: use 1 to 24"],
  ["0 0 * * */8", "day of week", "day of week step 8 is out of range: use 1 to 7"],
  ["*5 * * * *", "minute", 'minute "*5" mixes * with something else: write * alone or */5'],
  [
    "1-2-3 * * * *",
    "minute",
    'minute "1-2-3" is not understood: write a value, a range such as 1-5, or */2',
  ],
  [
    "-5 * * * *",
    "minute",
    'minute "-5" is not understood: write a value, a range such as 1-5, or */2',
  ],
  [
    "5- * * * *",
    "minute",
    'minute "5-" is not understood: write a value, a range such as 1-5, or */2',
  ],
  [
    "1/2/3 * * * *",
    "minute",
    'minute "1/2/3" is not understood: write a value, a range such as 1-5, or */2',
  ],
  ["1.5 * * * *", "minute", 'minute "1.5" is not understood: use 0 to 59'],
  ["constructor * * * *", "minute", 'minute "constructor" is not understood: use 0 to 59'],
  ["0 0 ? * MON", "day of month", 'day of month "?": ? is not supported, write *'],
  ["0 0 L * *", "day of month", 'day of month "L": L (last) is not supported'],
  ["0 0 LW * *", "day of month", 'day of month "LW": L (last) is not supported'],
  ["0 0 * * 5L", "day of week", 'day of week "5L": L (last) is not supported'],
  ["0 0 15W * *", "day of month", 'day of month "15W": W (nearest weekday) is not supported'],
  [
    "0 0 * * FRI#2",
    "day of week",
    'day of week "FRI#2": # (the nth weekday of a month) is not supported',
  ],
  ["0 0 13 * +FRI", "day of week", 'day of week "+FRI": + is not supported'],
  ["0 0 * * MONDAY", "day of week", 'day of week "MONDAY" is not a short name: write MON'],
  ["0 0 * MON *", "month", 'month "MON" is a day of the week, which belongs in the fifth field'],
  ["0 0 * * JAN", "day of week", 'day of week "JAN" is a month, which belongs in the fourth field'],
  [
    "",
    null,
    "the expression is empty: write five fields (minute, hour, day of month, month, day of week)",
  ],
  [
    "* * * *",
    null,
    "the expression has 4 fields, five are needed: minute, hour, day of month, month, day of week",
  ],
  [
    "0 * * * * *",
    null,
    "the expression has 6 fields, five are needed: minute, hour, day of month, month, day of week" +
      ". Seconds and years are not supported",
  ],
  ["@reboot", null, "@reboot is not supported: a job is not tied to the start of a machine"],
  ["@every 5m", null, "@every is not supported: use kind recurring with every_n_minutes"],
  [
    "@fortnightly",
    null,
    '"@fortnightly" is not a known macro: use one of ' +
      "@yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly",
  ],
  [
    "2026-12-01T10:00:00Z",
    null,
    '"2026-12-01T10:00:00Z" is a date, not a cron expression: use kind scheduled with run_at',
  ],
  [
    "TZ=Europe/Berlin 0 0 * * *",
    null,
    "a time zone cannot stand in the expression: put it in timezone",
  ],
  [
    "1\u20135 * * * *",
    null,
    "the expression contains the character U+2013, which cron does not know: " +
      "write plain digits, letters and the signs * , - /",
  ],
  [
    "\u0663 * * * *",
    null,
    "the expression contains the character U+0663, which cron does not know: " +
      "write plain digits, letters and the signs * , - /",
  ],
];

describe("parseCron refuses", () => {
  it.each(REFUSALS)("%j", (expression, field, message) => {
    expect(parseCron(expression)).toEqual({ ok: false, problem: { field, message } });
  });

  it("what is longer than any sensible expression, and quotes long entries shortened", () => {
    const parsed = parseCron(`${"1,".repeat(CRON_LENGTH_MAX)}1 * * * *`);
    expect(parsed.ok ? "" : parsed.problem.message).toBe(
      "the expression is longer than 500 characters: shorten its lists to ranges",
    );
    const long = parseCron(`${"9".repeat(400)} * * * *`);
    expect(long.ok ? "" : long.problem.message.length).toBeLessThan(100);
  });

  it("nothing for its length alone that writes out every value", () => {
    const all = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, index) => from + index).join(",");
    const expression = `${all(0, 59)} ${all(0, 23)} ${all(1, 31)} ${all(1, 12)} ${all(0, 7)}`;
    expect(parseCron(expression).ok).toBe(true);
  });
});
