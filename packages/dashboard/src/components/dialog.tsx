// The browser's own modal dialog, in the middle or as a drawer at the side: it holds the focus,
// Escape closes it, and the focus goes back to where it was.
import { type ReactNode, useEffect, useRef } from "react";
import { Icon } from "./icon.tsx";

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly kind?: "middle" | "drawer";
  readonly children: ReactNode;
  /** Beside the button that closes it. */
  readonly actions?: ReactNode;
}

export function Dialog({ title, onClose, kind = "middle", children, actions }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape is the key, the browser's own.
    <dialog
      ref={ref}
      className={`dialog ${kind}`}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        // Only the backdrop is the dialog itself; everything else is in the frame.
        if (event.target === ref.current) onClose();
      }}
    >
      <div className="dialog-frame">
        <header className="dialog-head">
          <h2 dir="auto">{title}</h2>
          {actions}
          <button type="button" className="quiet square" aria-label="Close" onClick={onClose}>
            <Icon name="close" />
          </button>
        </header>
        <div className="dialog-body">{children}</div>
      </div>
    </dialog>
  );
}
