// Tables and details for people. Every cell is neutralised here, so no caller can forget it.
// Colour is put on last, when widths are settled.
import { cut, neutralise, pad, toLines, widthOf } from "./display.ts";
import { toExact, toRelative } from "./moments.ts";

export type Tone = "good" | "bad" | "waiting" | "active" | "quiet" | "strong";

export interface View {
  /** Puts colour on, or nothing where colour is off. */
  readonly paint: (tone: Tone, text: string) => string;
  /** Width of the terminal; undefined in a pipe, where nothing is cut. */
  readonly width: number | undefined;
  readonly now: Date;
  readonly timeZone: string;
}

export interface Column<T> {
  readonly title: string;
  readonly text: (row: T) => string;
  readonly tone?: (row: T) => Tone | undefined;
  /** Never cut while anything else can be: ids are worthless in part. */
  readonly isRigid?: boolean;
  /** Left out where the terminal is too narrow for all. */
  readonly isOptional?: boolean;
}

const gap = 2;
// Below 8 columns a cut text says nothing.
const cutWidthMin = 8;

/** One line a row under a line of titles. A row never takes a second line. */
export function renderTable<T>(
  columns: readonly Column<T>[],
  rows: readonly T[],
  view: View,
): string {
  const cells = new Map(
    columns.map((column) => [column, rows.map((row) => neutralise(column.text(row)))]),
  );
  const natural = columns.map((column) => ({
    column,
    width: Math.max(widthOf(column.title), ...(cells.get(column) ?? []).map(widthOf)),
  }));
  const fitted = view.width === undefined ? natural : fit(natural, view.width);
  const toLine = (texts: readonly string[], tones: readonly (Tone | undefined)[]) =>
    fitted
      .map(({ width }, index) => {
        const text = cut(texts[index] ?? "", width);
        const isLast = index === fitted.length - 1;
        const padding = isLast ? "" : " ".repeat(width - widthOf(text) + gap);
        const tone = tones[index];
        return (tone === undefined ? text : view.paint(tone, text)) + padding;
      })
      .join("")
      .trimEnd();
  const lines = [
    toLine(
      fitted.map(({ column }) => column.title),
      fitted.map(() => "quiet"),
    ),
    ...rows.map((row, index) =>
      toLine(
        fitted.map(({ column }) => cells.get(column)?.[index] ?? ""),
        fitted.map(({ column }) => column.tone?.(row)),
      ),
    ),
  ];
  return lines.join("\n");
}

interface Fitted<T> {
  readonly column: Column<T>;
  readonly width: number;
}

function totalOf(columns: readonly { width: number }[]): number {
  return columns.reduce((sum, { width }) => sum + width, 0) + gap * (columns.length - 1);
}

/** Cuts the widest texts first, then leaves out optional columns, and cuts rigid ones at last. */
function fit<T>(columns: readonly Fitted<T>[], width: number): Fitted<T>[] {
  const isSoft = ({ column }: Fitted<T>) => column.isRigid !== true;
  const narrowest = (candidates: readonly Fitted<T>[]) =>
    candidates.map((entry) =>
      isSoft(entry) ? { ...entry, width: Math.min(entry.width, cutWidthMin) } : entry,
    );
  let kept = [...columns];
  while (totalOf(narrowest(kept)) > width) {
    const expendable = kept.findLast(({ column }) => column.isOptional === true);
    if (expendable === undefined) break;
    kept = kept.filter((entry) => entry !== expendable);
  }
  return shrink(shrink(kept, width, isSoft, cutWidthMin), width, () => true, 1);
}

/** Takes columns from the widest of the chosen ones until the line fits or all are at `least`. */
function shrink<T>(
  columns: readonly Fitted<T>[],
  width: number,
  isChosen: (entry: Fitted<T>) => boolean,
  least: number,
): Fitted<T>[] {
  const result = [...columns];
  for (let excess = totalOf(result) - width; excess > 0; excess--) {
    const widest = result
      .filter((entry) => isChosen(entry) && entry.width > least)
      .reduce<Fitted<T> | undefined>((a, b) => (a && a.width >= b.width ? a : b), undefined);
    if (widest === undefined) break;
    result[result.indexOf(widest)] = { ...widest, width: widest.width - 1 };
  }
  return result;
}

/** A line of details: its name and its text, or several lines of text. Undefined is left out. */
export type Detail = readonly [
  name: string,
  text: string | readonly string[],
  tone?: Tone | undefined,
];

/** "Name:  text", aligned; long texts are left to the terminal to wrap. */
export function renderDetails(details: readonly (Detail | undefined)[], view: View): string {
  const shown = details.filter((detail) => detail !== undefined);
  const width = Math.max(0, ...shown.map(([name]) => widthOf(name)));
  return shown
    .flatMap(([name, text, tone]) => {
      const lines = (typeof text === "string" ? [text] : text).map(neutralise);
      return lines.map((line, index) => {
        const label = view.paint("quiet", pad(index === 0 ? name : "", width));
        return `${label}  ${tone === undefined ? line : view.paint(tone, line)}`.trimEnd();
      });
    })
    .join("\n");
}

/** A text of many lines, indented; `limit` cuts it after so many lines and says so. */
export function renderBlock(text: string, indent: string, limit: number): string {
  const lines = toLines(text.replace(/\n+$/, ""));
  const shown = lines.slice(0, limit);
  const rest = lines.length - shown.length;
  if (rest > 0) shown.push(`… ${rest} more ${rest === 1 ? "line" : "lines"} (--full shows all)`);
  return shown.map((line) => `${indent}${line}`.trimEnd()).join("\n");
}

const tones: Readonly<Record<string, Tone>> = {
  succeeded: "good",
  sent: "good",
  active: "good",
  SUCCESS: "good",
  failed: "bad",
  permanent: "bad",
  HTTP_ERROR: "bad",
  TIMEOUT: "bad",
  CONNECTION_ERROR: "bad",
  pending: "waiting",
  queued: "waiting",
  paused: "waiting",
  retry: "waiting",
  running: "active",
  processing: "active",
  cancelled: "quiet",
  draft: "quiet",
  completed: "quiet",
};

/** The tone of a status word; none for a word that is not known here. */
export function toneOf(status: string): Tone | undefined {
  return tones[status];
}

export function relative(instant: string | null, view: View, otherwise = "-"): string {
  return instant === null ? otherwise : toRelative(instant, view.now, view.timeZone);
}

export function exact(instant: string, view: View): string {
  return toExact(instant, view.now, view.timeZone);
}
