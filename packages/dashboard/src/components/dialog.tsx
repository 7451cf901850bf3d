// The browser's own modal dialog, in the middle or as a drawer at the side: it holds the focus,
// Escape closes it, and the focus goes back to where it was.
import { type PointerEvent, type ReactNode, type RefObject, useLayoutEffect, useRef } from "react";
import { createStore, useStore } from "../data/store.ts";
import { Icon } from "./icon.tsx";

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly kind?: "middle" | "drawer";
  readonly children: ReactNode;
  /** Beside the button that closes it. */
  readonly actions?: ReactNode;
  /** What has the focus first; else the browser chooses. */
  readonly first?: RefObject<HTMLElement | null>;
}

/** Those that are open, the topmost last: nothing outside of that one can be reached. */
const open = createStore<readonly HTMLDialogElement[]>([]);

export function useTopDialog(): HTMLDialogElement | undefined {
  return useStore(open).at(-1);
}

export function Dialog(props: DialogProps) {
  const { title, onClose, kind = "middle", children, actions, first } = props;
  const ref = useRef<HTMLDialogElement>(null);
  // Before the dialog leaves the page, as the browser gives back the focus only from within it.
  useLayoutEffect(() => {
    const dialog = ref.current;
    if (dialog === null) return;
    dialog.showModal();
    first?.current?.focus();
    open.set((before) => [...before, dialog]);
    return () => {
      open.set((before) => before.filter((each) => each !== dialog));
      dialog.close();
    };
  }, [first]);
  return (
    <dialog
      ref={ref}
      className={`dialog ${kind}`}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      {...useBackdrop(ref, onClose)}
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

/**
 * A click on the backdrop closes. Only the backdrop is the dialog itself, everything else is in the
 * frame; but a click of which one end is inside, as of text that is selected, counts for the dialog
 * as well, so both its ends are looked at.
 */
function useBackdrop(ref: RefObject<HTMLDialogElement | null>, onClose: () => void) {
  const isOutside = useRef(false);
  const isHere = ({ target }: { readonly target: EventTarget }) => target === ref.current;
  return {
    onPointerDown: (event: PointerEvent) => {
      isOutside.current = isHere(event);
    },
    onPointerUp: (event: PointerEvent) => {
      isOutside.current &&= isHere(event);
    },
    onClick: (event: { readonly target: EventTarget }) => {
      if (isOutside.current && isHere(event)) onClose();
    },
  };
}
