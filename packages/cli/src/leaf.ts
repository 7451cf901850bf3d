// How a command is declared: its usage, what it does, examples, and the action that gets a session.
import type { Command } from "commander";
import { addGlobalFlags, readGlobalFlags } from "./global-flags.ts";
import { toView } from "./palette.ts";
import { Session } from "./session.ts";
import { isOpenToOthers, type Login, loginPathIn, readLogin, resolveSettings } from "./settings.ts";
import type { Surroundings } from "./surroundings.ts";

/** One start of the program. The session is there once an action has begun. */
export interface Run {
  readonly surroundings: Surroundings;
  session?: Session;
}

/** Adds a command. Its flags are added by the caller, its action by `onRun`. */
export function leaf(parent: Command, usage: string, description: string): Command {
  return parent
    .command(usage)
    .description(description)
    .showHelpAfterError(`Run \`cronctl ${parent.name()} ${usage} --help\`.`);
}

export function examples(command: Command, ...lines: string[]): Command {
  return command.addHelpText(
    "after",
    `\nExamples:\n${lines.map((line) => `  ${line}`).join("\n")}`,
  );
}

/**
 * Sets what the command does. `Given` are its arguments in order, then its flags.
 * Call it last: global flags are added where the command has none of the name.
 * `forgivesLogin`: a damaged login is no obstacle to the command that replaces it.
 */
export function onRun<Given extends unknown[]>(
  command: Command,
  run: Run,
  act: (session: Session, ...given: Given) => Promise<void>,
  options: { readonly forgivesLogin?: true } = {},
): void {
  addGlobalFlags(command);
  command.action(async (...all: unknown[]) => {
    const session = openSession(command, run, options.forgivesLogin === true);
    // Commander passes the declared arguments, the flags, and then the command itself.
    const given = all.slice(0, -1) as Given;
    await act(session, ...given);
  });
}

function tryReadLogin(path: string): Login | undefined {
  try {
    return readLogin(path);
  } catch {
    return undefined;
  }
}

function openSession(command: Command, run: Run, forgivesLogin: boolean): Session {
  const { surroundings } = run;
  const flags = readGlobalFlags(command);
  const loginPath = loginPathIn(surroundings.homeDir);
  const settings = resolveSettings({
    flags,
    env: surroundings.env,
    login: forgivesLogin ? tryReadLogin(loginPath) : readLogin(loginPath),
    loginPath,
  });
  const isColorAllowed = flags.color !== false;
  const terms = {
    isJson: flags.json === true,
    settings,
    view: toView(surroundings, surroundings.stdout, isColorAllowed),
    asideView: toView(surroundings, surroundings.stderr, isColorAllowed),
  };
  const session = new Session(terms, surroundings);
  run.session = session;
  if (settings.tokenSource === loginPath && isOpenToOthers(loginPath, surroundings.platform)) {
    session.hint(`Others can read the token in ${loginPath}. Run: chmod 600 ${loginPath}`);
  }
  return session;
}
