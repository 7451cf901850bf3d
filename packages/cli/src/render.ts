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
  /** On a line of its own below its row, where beside it names would be cut beyond recognition. */
  readonly isWrappable?: boolean;
}

const gap = 2;
// Names of jobs and channels are told apart by 16 columns, seldom by fewer.
const nameWidthMin = 16;
// Below 8 columns a cut text says nothing.
const cutWidthMin = 8;

/** One line a row under a line of titles; a second one only for what `isWrappable`. */
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
  const { beside, below } =
    view.width === undefined ? { beside: natural, below: [] } : fit(natural, view.width);
  const toRow = (
    textOf: (column: Column<T>) => string,
    toneIn: (column: Column<T>) => Tone | undefined,
  ) => {
    const paint = ({ column, width }: Fitted<T>, isPadded: boolean) => {
      const text = cut(textOf(column), width);
      const tone = toneIn(column);
      const painted = tone === undefined ? text : view.paint(tone, text);
      return isPadded ? painted + " ".repeat(width - widthOf(text) + gap) : painted;
    };
    const line = beside.map((entry, index) => paint(entry, index < beside.length - 1)).join("");
    const indent = " ".repeat(gap);
    return [line, ...below.map((entry) => indent + paint(entry, false))].map((text) =>
      text.trimEnd(),
    );
  };
  const lines = [
    ...toRow(
      ({ title }) => title,
      () => "quiet",
    ),
    ...rows.flatMap((row, index) =>
      toRow(
        (column) => cells.get(column)?.[index] ?? "",
        (column) => column.tone?.(row),
      ),
    ),
  ];
  return lines.join("\n");
}

interface Fitted<T> {
  readonly column: Column<T>;
  readonly width: number;
}

interface Layout<T> {
  readonly beside: readonly Fitted<T>[];
  readonly below: readonly Fitted<T>[];
}

function totalOf(columns: readonly { width: number }[]): number {
  return columns.reduce((sum, { width }) => sum + width, 0) + gap * (columns.length - 1);
}

const isSoft = <T>({ column }: Fitted<T>) => column.isRigid !== true;

/**
 * Cuts the widest texts first, as far as they can still be told apart; then leaves out optional
 * columns; then puts ids below; and where not even that is enough, cuts whatever there is.
 */
function fit<T>(columns: readonly Fitted<T>[], width: number): Layout<T> {
  const kept = leaveOut(columns, width);
  const below = columns.filter(({ column }) => column.isWrappable === true);
  if (below.length === 0 || isEnough(kept, width)) {
    return { beside: shrinkAll(kept, width), below: [] };
  }
  const others = columns.filter(({ column }) => column.isWrappable !== true);
  return {
    beside: shrinkAll(leaveOut(others, width), width),
    below: below.map((entry) => ({
      ...entry,
      width: Math.max(1, Math.min(entry.width, width - gap)),
    })),
  };
}

/** Whether names are recognisable when all that can be cut is cut. */
function isEnough<T>(columns: readonly Fitted<T>[], width: number): boolean {
  const narrowest = columns.map((entry) =>
    isSoft(entry) ? { ...entry, width: Math.min(entry.width, nameWidthMin) } : entry,
  );
  return totalOf(narrowest) <= width;
}

/** Without as many optional columns, from the last, as it takes. */
function leaveOut<T>(columns: readonly Fitted<T>[], width: number): readonly Fitted<T>[] {
  let kept = columns;
  while (!isEnough(kept, width)) {
    const expendable = kept.findLast(({ column }) => column.isOptional === true);
    if (expendable === undefined) break;
    kept = kept.filter((entry) => entry !== expendable);
  }
  return kept;
}

function shrinkAll<T>(columns: readonly Fitted<T>[], width: number): Fitted<T>[] {
  const named = shrink(columns, width, isSoft, nameWidthMin);
  return shrink(shrink(named, width, isSoft, cutWidthMin), width, () => true, 1);
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
