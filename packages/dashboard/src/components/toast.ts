// What the page tells in passing, and may take back: the list of what is shown now. It stands apart
// from the component, so that whatever acts can tell of it.
import { createStore } from "../data/store.ts";

export interface Toast {
  readonly text: string;
  readonly tone?: "good" | "bad";
  /** What the button does: "Undo", "Open". */
  readonly action?: { readonly label: string; readonly run: () => void };
}

export interface ShownToast extends Toast {
  readonly id: number;
}

export const toasts = createStore<readonly ShownToast[]>([]);

// More would cover the page that they are about; the oldest goes.
const shownMax = 3;

let count = 0;

export function showToast(toast: Toast): void {
  count += 1;
  const id = count;
  toasts.set((before) => [...before.slice(1 - shownMax), { id, ...toast }]);
}

export function hideToast(id: number): void {
  toasts.set((before) => before.filter((toast) => toast.id !== id));
}
