// Turns key presses into commands. It leaves alone what is typed into a field, what an open dialog
// takes, and every press with Ctrl, Alt or ⌘ but that of the palette.
import { useEffect } from "react";
import { findByKeys, isBeginning } from "../data/commands.ts";

// Between the two keys of a sequence: slower than this is two separate presses.
const sequenceMs = 1_000;

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
  // A checkbox takes the blank and nothing else.
  !(target instanceof HTMLInputElement && target.type === "checkbox");

export function useShortcuts(openPalette: () => void): void {
  useEffect(() => {
    let before = { key: "", atMs: 0 };
    const listen = (event: KeyboardEvent) => {
      const { key, metaKey, ctrlKey, altKey, target, timeStamp } = event;
      if ((metaKey || ctrlKey) && !altKey && key.toLowerCase() === "k") {
        event.preventDefault();
        openPalette();
        return;
      }
      if (metaKey || ctrlKey || altKey || isTyping(target)) return;
      if (document.querySelector("dialog[open]") !== null) return;
      // Enter and the blank belong to what has the focus.
      if (key === "Enter" && target instanceof HTMLElement && target.closest("a, button, summary"))
        return;
      const isSequence = before.key !== "" && timeStamp - before.atMs < sequenceMs;
      const keys = isSequence ? `${before.key} ${key}` : key;
      const command = findByKeys(keys) ?? findByKeys(key);
      before = { key: isBeginning(key) ? key : "", atMs: timeStamp };
      if (command === undefined) return;
      before = { key: "", atMs: 0 };
      event.preventDefault();
      command.run();
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, [openPalette]);
}
