// Prints the story, a line for each thing that happens, with the seconds since the start. It knows
// nothing of what it tells.
import { styleText } from "node:util";

export type Tone = "good" | "bad" | "waiting" | "dim" | "strong";

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  hasColors?(): boolean;
}

export interface Narrator {
  /** A blank line, unless there is one. */
  gap(): void;
  /** A heading. */
  act(title: string): void;
  /** Who did or says something; further lines of `what` stand below the first. */
  tell(who: string, what: string, tone?: Tone): void;
  /** Text as it is. */
  print(text: string): void;
  paint(tone: Tone, text: string): string;
  /** Keeps lines back while somebody else writes to the same place. */
  makeRoomFor<T>(writer: () => Promise<T>): Promise<T>;
}

const styles = {
  good: "green",
  bad: "red",
  waiting: "yellow",
  dim: "dim",
  strong: "bold",
} as const satisfies Record<Tone, string>;

// The longest of the names in the story: "execution", and two blanks.
const whoColumns = 11;
// "  12.3 s" and two blanks.
const timeColumns = 10;
const ruleColumns = 78;

export function createNarrator(output: Output, elapsedMs: () => number): Narrator {
  // `hasColors` knows NO_COLOR, FORCE_COLOR and TERM=dumb.
  const isColoured = output.isTTY === true && output.hasColors?.() === true;
  const paint = (tone: Tone, text: string) => (isColoured ? styleText(styles[tone], text) : text);
  let kept: string[] | undefined;
  let isAfterGap = false;
  const print = (text: string) => {
    if (kept !== undefined) {
      kept.push(text);
      return;
    }
    isAfterGap = text === "";
    output.write(`${text}\n`);
  };
  const gap = () => {
    if (!isAfterGap) print("");
  };
  return {
    gap,
    act(title) {
      gap();
      print(paint("strong", `── ${title} `.padEnd(ruleColumns, "─")));
    },
    tell(who, what, tone) {
      const time = `${(elapsedMs() / 1_000).toFixed(1)} s`.padStart(timeColumns - 2);
      const [first = "", ...more] = what.split("\n");
      const line = (text: string) => (tone === undefined ? text : paint(tone, text));
      print(`${paint("dim", time)}  ${paint("strong", who.padEnd(whoColumns))}${line(first)}`);
      for (const text of more) print(`${" ".repeat(timeColumns + whoColumns)}${line(text)}`);
    },
    print,
    paint,
    async makeRoomFor(writer) {
      kept = [];
      try {
        return await writer();
      } finally {
        const lines = kept;
        kept = undefined;
        isAfterGap = false;
        for (const text of lines) print(text);
      }
    },
  };
}

/** `8 ms`, `1.4 s`. */
export function formatMs(ms: number): string {
  return ms < 1_000 ? `${Math.max(0, Math.round(ms))} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
