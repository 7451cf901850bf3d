// Turns key presses into commands. It leaves alone what is typed into a field, what an open dialog
// takes, and every press with Ctrl, Alt or ⌘ but that of the palette.
import { useEffect } from "react";
import { type Command, findByKeys, isBeginning } from "../data/commands.ts";

// Between the two keys of a sequence: slower than this is two separate presses.
const sequenceMs = 1_000;

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
  // A checkbox takes the blank and nothing else.
  !(target instanceof HTMLInputElement && target.type === "checkbox");

const hasModifier = ({ metaKey, ctrlKey, altKey }: KeyboardEvent) => metaKey || ctrlKey || altKey;

const isPaletteKey = (event: KeyboardEvent) =>
  (event.metaKey || event.ctrlKey) && !event.altKey && event.key.toLowerCase() === "k";

function isSomebodyElses(event: KeyboardEvent): boolean {
  const { key, target } = event;
  if (hasModifier(event) || isTyping(target)) return true;
  if (document.querySelector("dialog[open]") !== null) return true;
  // Enter belongs to what has the focus.
  const isOnControl = target instanceof HTMLElement && target.closest("a, button, summary");
  return key === "Enter" && isOnControl !== null && isOnControl !== false;
}

/** What a further key may follow; nothing after a command. */
const toBeginning = (key: string, command: Command | undefined) =>
  command === undefined && isBeginning(key) ? key : "";

export function useShortcuts(openPalette: () => void): void {
  useEffect(() => {
    let before = { key: "", atMs: 0 };
    const listen = (event: KeyboardEvent) => {
      const { key, timeStamp } = event;
      if (isPaletteKey(event)) {
        event.preventDefault();
        openPalette();
        return;
      }
      if (isSomebodyElses(event)) return;
      const isSequence = before.key !== "" && timeStamp - before.atMs < sequenceMs;
      const command = findByKeys(isSequence ? `${before.key} ${key}` : key) ?? findByKeys(key);
      before = { key: toBeginning(key, command), atMs: timeStamp };
      if (command === undefined) return;
      event.preventDefault();
      command.run();
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, [openPalette]);
}
