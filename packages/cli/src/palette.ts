// Colours: which tone looks how, and whether there are any.
// In a pipe, under NO_COLOR and on dumb terminals there are none, unless FORCE_COLOR asks.
import pc from "picocolors";
import type { Tone, View } from "./render.ts";
import type { Output, Surroundings } from "./surroundings.ts";

/** NO_COLOR and FORCE_COLOR count when they are not empty (https://no-color.org). */
export function hasColors(env: Surroundings["env"], output: Output, isAllowed: boolean): boolean {
  if (!isAllowed || isSet(env.NO_COLOR)) return false;
  if (isSet(env.FORCE_COLOR) && env.FORCE_COLOR !== "0") return true;
  return output.isTTY === true && env.TERM !== "dumb";
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== "";
}

export function toPaint(isColored: boolean): View["paint"] {
  const colors = pc.createColors(isColored);
  const paints: Readonly<Record<Tone, (text: string) => string>> = {
    good: colors.green,
    bad: colors.red,
    waiting: colors.yellow,
    active: colors.cyan,
    quiet: colors.dim,
    strong: colors.bold,
  };
  return (tone, text) => (text === "" ? "" : paints[tone](text));
}

/** How things look on one of the two outputs. */
export function toView(
  { env, now, timeZone }: Surroundings,
  output: Output,
  isColorAllowed: boolean,
): View {
  return {
    paint: toPaint(hasColors(env, output, isColorAllowed)),
    width: output.isTTY === true ? output.columns : undefined,
    // Read when it is rendered: an answer may have taken its time.
    get now() {
      return now();
    },
    timeZone,
  };
}
