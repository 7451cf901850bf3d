// A cron expression as words and back: the few shapes that people mean by "every day at six". Pure;
// whatever has none of these shapes is `custom` and stays the text that it is.

export type CronWords =
  | { readonly shape: "hourly"; readonly minute: number }
  | { readonly shape: "daily"; readonly hour: number; readonly minute: number }
  | {
      readonly shape: "weekly";
      /** Of the week, 0 is Sunday; sorted, at least one and not all. */
      readonly days: readonly number[];
      readonly hour: number;
      readonly minute: number;
    }
  | {
      readonly shape: "monthly";
      readonly day: number;
      readonly hour: number;
      readonly minute: number;
    }
  | { readonly shape: "custom"; readonly cron: string };

export type CronShape = CronWords["shape"];

export const shapeLabels: Readonly<Record<CronShape, string>> = {
  hourly: "Every hour",
  daily: "Every day",
  weekly: "On days of the week",
  monthly: "On a day of the month",
  custom: "Custom expression",
};

export const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;

export function toCron(words: CronWords): string {
  switch (words.shape) {
    case "hourly":
      return `${words.minute} * * * *`;
    case "daily":
      return `${words.minute} ${words.hour} * * *`;
    case "weekly":
      return `${words.minute} ${words.hour} * * ${toDayText(words.days)}`;
    case "monthly":
      return `${words.minute} ${words.hour} ${words.day} * *`;
    case "custom":
      return words.cron;
  }
}

/** Monday to Friday is the one range that everybody reads; other days stand one by one. */
function toDayText(days: readonly number[]): string {
  const text = days.join(",");
  return text === "1,2,3,4,5" ? "1-5" : text;
}

export function toWords(cron: string): CronWords {
  return readShape(cron.trim().split(/\s+/)) ?? { shape: "custom", cron };
}

function readShape(fields: readonly string[]): CronWords | null {
  const [minuteText = "", hourText = "", dayText = "", month, weekdayText = ""] = fields;
  const minute = toNumber(minuteText, 0, 59);
  if (fields.length !== 5 || minute === null || month !== "*") return null;
  if (hourText === "*" && dayText === "*" && weekdayText === "*") {
    return { shape: "hourly", minute };
  }
  const hour = toNumber(hourText, 0, 23);
  if (hour === null) return null;
  if (dayText === "*" && weekdayText === "*") return { shape: "daily", hour, minute };
  if (dayText === "*") {
    const days = toDays(weekdayText);
    return days === null ? null : { shape: "weekly", days, hour, minute };
  }
  const day = toNumber(dayText, 1, 31);
  return day === null || weekdayText !== "*" ? null : { shape: "monthly", day, hour, minute };
}

function toNumber(text: string, min: number, max: number): number | null {
  if (!/^\d{1,2}$/.test(text)) return null;
  const number = Number(text);
  return number >= min && number <= max ? number : null;
}

/** Null for what is not plainly a choice of days; all seven are "every day" and no choice. */
function toDays(text: string): number[] | null {
  const days = new Set<number>();
  for (const part of text.split(",")) {
    const [from, to = from, ...more] = part.split("-").map(toDay);
    if (more.length > 0 || from === undefined || from === null) return null;
    if (to === undefined || to === null || to < from) return null;
    for (let day = from; day <= to; day += 1) days.add(day % 7);
  }
  return days.size === 7 ? null : [...days].sort((a, b) => a - b);
}

/** 0 to 7, both of which are Sunday, or the first letters of its name. */
function toDay(text: string): number | null {
  const named = weekdays.findIndex((day) => day.toLowerCase() === text.toLowerCase());
  return named === -1 ? toNumber(text, 0, 7) : named;
}

/** The same time of day in another shape: what was chosen before is kept as far as it goes. */
export function withShape(words: CronWords, shape: CronShape): CronWords {
  // Six in the morning: after most nights' work and before most days'.
  const hour = "hour" in words ? words.hour : 6;
  const minute = "minute" in words ? words.minute : 0;
  switch (shape) {
    case "hourly":
      return { shape, minute };
    case "daily":
      return { shape, hour, minute };
    case "weekly":
      return { shape, days: [1, 2, 3, 4, 5], hour, minute };
    case "monthly":
      return { shape, day: 1, hour, minute };
    case "custom":
      return { shape, cron: toCron(words) };
  }
}
