// ⌘K: every command there is now, found by typing a part of its words.
import { useId, useState } from "react";
import { Dialog } from "../components/dialog.tsx";
import { type Command, useAllCommands } from "../data/commands.ts";

/** Every word that was typed must stand in the title, in any order. */
function findMatches(commands: readonly Command[], typed: string): Command[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return commands.filter(({ title, isHidden }) => {
    const text = title.toLowerCase();
    return isHidden !== true && words.every((word) => text.includes(word));
  });
}

export function Palette({ onClose }: { onClose: () => void }) {
  const commands = useAllCommands();
  const [typed, setTyped] = useState("");
  const [active, setActive] = useState(0);
  const listId = useId();
  const found = findMatches(commands, typed);
  const chosen = found[Math.min(active, found.length - 1)];
  const run = (command: Command | undefined) => {
    if (command === undefined) return;
    onClose();
    command.run();
  };
  const move = (by: number) => setActive((active + by + found.length) % Math.max(found.length, 1));
  return (
    <Dialog title="Commands" onClose={onClose}>
      <input
        role="combobox"
        aria-label="Find a command"
        aria-expanded="true"
        aria-controls={listId}
        aria-activedescendant={chosen === undefined ? undefined : `${listId}-${chosen.id}`}
        placeholder="Find a command"
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
      <div id={listId} role="listbox" aria-label="Commands" className="palette">
        {found.map((command) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the combobox above.
          <div
            key={command.id}
            id={`${listId}-${command.id}`}
            role="option"
            tabIndex={-1}
            aria-selected={command === chosen}
            className="palette-item"
            onClick={() => run(command)}
          >
            <span dir="auto">{command.title}</span>
            <Keys keys={command.keys} />
          </div>
        ))}
      </div>
      {found.length === 0 && <p className="faint">No command has these words.</p>}
    </Dialog>
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
