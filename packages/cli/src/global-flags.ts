// The flags that every command takes, before its name or after it. A command's own flag of the
// same name wins behind the name (`channels create --url`), so there the global one goes before.
import { type Command, Option } from "commander";

const heading = "Global options:";

export interface GlobalFlags {
  readonly json?: boolean;
  readonly url?: string;
  readonly token?: string;
  /** False only when asked for. */
  readonly color?: boolean;
}

function toOptions(): Option[] {
  return [
    new Option("--json", "print the API's JSON, one document, for programs"),
    new Option("--url <url>", "address of TrigRun (better: CRON_API_URL or `cronctl login`)"),
    new Option("--token <token>", "API token; others can see it in `ps`, so better: CRON_TOKEN"),
    new Option("--no-color", "plain text (also: NO_COLOR=1)"),
  ];
}

/** Adds the global flags that the command has no flag of its own for. */
export function addGlobalFlags(command: Command): Command {
  for (const option of toOptions()) {
    if (command.options.some(({ long }) => long === option.long)) continue;
    command.addOption(option.helpGroup(heading));
  }
  return command;
}

/** What was given, the innermost command first. */
export function readGlobalFlags(command: Command): GlobalFlags {
  const flags: Record<string, unknown> = {};
  for (let level: Command | null = command; level !== null; level = level.parent) {
    for (const option of level.options) {
      const key = option.attributeName();
      const isGiven = level.getOptionValueSource(key) === "cli";
      if (option.helpGroupHeading === heading && isGiven && !(key in flags)) {
        flags[key] = level.getOptionValue(key);
      }
    }
  }
  // The keys and kinds are those of the options above.
  return flags as GlobalFlags;
}
