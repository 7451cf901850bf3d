// Shows the toasts. One with an action stays until it is taken or put away, as nobody should have
// to hurry to undo; the pointer or the focus on it holds the others, too.
import { useEffect, useState } from "react";
import { createPortal } from "react-dom";
import { useStore } from "../data/store.ts";
import { useTopDialog } from "./dialog.tsx";
import { Icon } from "./icon.tsx";
import { hideToast, type ShownToast, toasts } from "./toast.ts";

// Long enough to read two sentences twice (WCAG 2.2.1 asks for time, not for a number). What can be
// undone stays three times as long.
const shownMs = 7_000;
const undoableMs = 21_000;

export function ToastHost() {
  const shown = useStore(toasts);
  const dialog = useTopDialog();
  // Beside a dialog they would lie below its backdrop, and no key and no pointer would reach them.
  return createPortal(
    <section className="toasts" aria-label="Messages">
      <div role="status">
        {shown.map((toast) => (
          <ToastItem key={toast.id} toast={toast} />
        ))}
      </div>
    </section>,
    dialog ?? document.body,
  );
}

function ToastItem({ toast }: { toast: ShownToast }) {
  const { id, text, tone, action } = toast;
  const [isHeld, setHeld] = useState(false);
  useEffect(() => {
    if (isHeld) return;
    const timer = setTimeout(() => hideToast(id), action === undefined ? shownMs : undoableMs);
    return () => clearTimeout(timer);
  }, [id, isHeld, action]);
  const hold = { onPointerEnter: () => setHeld(true), onPointerLeave: () => setHeld(false) };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: nothing is done by it; it waits longer.
    <div
      className={`toast ${tone ?? "plain"}`}
      {...hold}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <span className="toast-text">{text}</span>
      {action && (
        <button
          type="button"
          className="quiet"
          onClick={() => {
            hideToast(id);
            action.run();
          }}
        >
          {action.label}
        </button>
      )}
      <button
        type="button"
        className="quiet square"
        aria-label="Dismiss"
        onClick={() => hideToast(id)}
      >
        <Icon name="close" />
      </button>
    </div>
  );
}
