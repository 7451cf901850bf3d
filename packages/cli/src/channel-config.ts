// The config of a channel as a command gets it: by `--config`, with the flags of its type over it.
import type { AnyChannelType } from "@trigrun/contract";
import type { Command } from "commander";
import { readConfigFlags, toConfig } from "./config-flags.ts";
import { usageError } from "./errors.ts";
import { readGiven } from "./given-text.ts";
import type { Session } from "./session.ts";

/** The config of `--config` with that of the flags over it. */
export async function readConfig(
  session: Session,
  command: Command,
  type: AnyChannelType,
  text: string | undefined,
): Promise<Record<string, unknown>> {
  const given = toConfig(type, readConfigFlags(command));
  if (text === undefined) return given;
  return { ...parseConfig(await readGiven(text, "--config", session.surroundings)), ...given };
}

function parseConfig(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw usageError("--config is not JSON.");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw usageError(
      '--config must be a JSON object, such as {"url": "https://example.com/hook"}.',
    );
  }
  return { ...value };
}
