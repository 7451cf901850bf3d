// Everything that the keyboard and the palette can do now: each page adds its own while it is
// shown. A command is a sentence; its keys, if it has any, are pressed one after the other.
import { useEffect, useRef } from "react";
import { createStore, useStore } from "./store.ts";

export interface Command {
  /** Unlike that of any other command: "jobs.new". */
  readonly id: string;
  /** Imperative, for people: "Create a job". */
  readonly title: string;
  /** "g j", "/", "n". Not while something is typed. */
  readonly keys?: string;
  /** True for keys that would say nothing in the palette, such as j and k. */
  readonly isHidden?: boolean;
  run(): void;
}

const groups = createStore<readonly (readonly Command[])[]>([]);

/** Adds commands for as long as the component is there. The latest `run` counts. */
export function useCommands(commands: readonly Command[]): void {
  const latest = useRef(commands);
  latest.current = commands;
  const signature = commands.map(({ id, title }) => `${id} ${title}`).join("\n");
  // biome-ignore lint/correctness/useExhaustiveDependencies: the signature is what it depends on.
  useEffect(() => {
    const group = latest.current.map((command) => ({
      ...command,
      run: () => latest.current.find(({ id }) => id === command.id)?.run(),
    }));
    groups.set((before) => [...before, group]);
    return () => groups.set((before) => before.filter((each) => each !== group));
  }, [signature]);
}

/** Those of the page that was opened last come first. */
export function useAllCommands(): readonly Command[] {
  return toReversed(useStore(groups)).flat();
}

export function findByKeys(keys: string): Command | undefined {
  return toReversed(groups.get())
    .flat()
    .find((command) => command.keys === keys);
}

/** True when some command's keys go on after these. */
export function isBeginning(keys: string): boolean {
  return groups.get().some((group) => group.some((each) => each.keys?.startsWith(`${keys} `)));
}

function toReversed<T>(list: readonly T[]): T[] {
  return [...list].reverse();
}
