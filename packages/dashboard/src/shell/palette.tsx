// ⌘K: every command there is now, found by typing a part of its words, and the jobs, channels,
// executions and deliveries that the server finds by the same text.
import type { SearchResult } from "@trigrun/contract";
import { useEffect, useId, useRef, useState } from "react";
import { useLocation } from "wouter";
import { Badge } from "../components/badge.tsx";
import { Dialog } from "../components/dialog.tsx";
import { useRead } from "../data/api.tsx";
import { type Command, useAllCommands } from "../data/commands.ts";
import { useRested } from "../data/rested.ts";

type Found = SearchResult["items"][number];

interface Entry {
  readonly id: string;
  readonly title: string;
  readonly keys?: string | undefined;
  readonly found?: Found;
  run(): void;
}

/** Every word that was typed must stand in the title, in any order. */
function findMatches(commands: readonly Command[], typed: string): Command[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return commands.filter(({ title, isHidden }) => {
    const text = title.toLowerCase();
    return isHidden !== true && words.every((word) => text.includes(word));
  });
}

// Between two strokes of somebody who types fast: nothing is asked for half a word.
const restMs = 120;

/** What the server finds; the answer before stays until the next one is there. */
function useFound(typed: string): readonly Found[] {
  const q = useRested(typed.trim(), restMs);
  const [shown, setShown] = useState<readonly Found[]>([]);
  const { data } = useRead("search", { query: { q } }, { isOff: q === "" });
  useEffect(() => {
    if (data !== undefined) setShown(data.items);
  }, [data]);
  // What was found for less may not fit what is typed by now.
  const text = typed.trim().toLowerCase();
  if (text === "") return [];
  return shown.filter(({ id, name }) => `${name} ${id}`.toLowerCase().includes(text));
}

export function Palette({ onClose }: { onClose: () => void }) {
  const commands = useAllCommands();
  const [, navigate] = useLocation();
  const [typed, setTyped] = useState("");
  const [active, setActive] = useState(0);
  const listId = useId();
  const input = useRef<HTMLInputElement>(null);
  const matches: Entry[] = findMatches(commands, typed);
  const found = useFound(typed).map((each) => ({
    ...{ id: each.id, title: each.name, found: each },
    run: () => navigate(`${folders[each.kind]}/${each.id}`),
  }));
  const entries: Entry[] = [...matches, ...found];
  const chosen = entries[Math.min(active, entries.length - 1)];
  const idOf = (entry: Entry) => `${listId}-${entry.id}`;
  const chosenId = chosen === undefined ? undefined : idOf(chosen);
  const run = (entry: Entry | undefined) => {
    if (entry === undefined) return;
    onClose();
    entry.run();
  };
  const move = (by: number) =>
    setActive((Math.min(active, entries.length - 1) + by + entries.length) % entries.length || 0);
  useEffect(() => {
    if (chosenId === undefined) return;
    document.getElementById(chosenId)?.scrollIntoView({ block: "nearest" });
  }, [chosenId]);
  const toOption = (entry: Entry) => (
    <Option
      key={entry.id}
      {...{ id: idOf(entry), entry, isChosen: entry.id === chosen?.id }}
      onRun={() => run(entry)}
    />
  );
  return (
    <Dialog title="Commands and search" onClose={onClose} first={input}>
      <input
        ref={input}
        role="combobox"
        aria-label="Find a command, a job, a channel or an id"
        aria-expanded="true"
        aria-controls={listId}
        aria-activedescendant={chosenId}
        placeholder="Find a command, a job, a channel or an id"
        autoComplete="off"
        maxLength={200}
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          setActive(0);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter") run(chosen);
          else if (event.key === "ArrowDown") move(1);
          else if (event.key === "ArrowUp") move(-1);
          else return;
          event.preventDefault();
        }}
      />
      <div id={listId} role="listbox" aria-label="Commands and results" className="palette">
        {matches.map(toOption)}
        {found.length > 0 && (
          <div role="group" aria-label="Found" className="palette-group">
            {found.map(toOption)}
          </div>
        )}
      </div>
      {entries.length === 0 && (
        <p className="faint" role="status">
          Nothing has these words: no command, no name, and no id begins so.
        </p>
      )}
    </Dialog>
  );
}

const folders: Readonly<Record<Found["kind"], string>> = {
  job: "/jobs",
  channel: "/channels",
  execution: "/executions",
  delivery: "/deliveries",
};

interface OptionProps {
  readonly id: string;
  readonly entry: Entry;
  readonly isChosen: boolean;
  onRun(): void;
}

function Option({ id, entry, isChosen, onRun }: OptionProps) {
  const { title, keys, found } = entry;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the combobox above.
    <div
      id={id}
      role="option"
      tabIndex={-1}
      aria-selected={isChosen}
      className="palette-item"
      onClick={onRun}
    >
      <span className="palette-title" dir="auto">
        {title}
      </span>
      {found === undefined ? (
        <Keys keys={keys} />
      ) : (
        <span className="keys">
          <span className="faint">{found.kind}</span> <Badge state={found.state} />
        </span>
      )}
    </div>
  );
}

export function Keys({ keys }: { keys: string | undefined }) {
  if (keys === undefined) return null;
  return (
    <span className="keys">
      {keys.split(" ").map((key) => (
        <kbd key={key}>{key}</kbd>
      ))}
    </span>
  );
}
