// What the server tells once and never again: to be copied now. It is put away with the component
// and kept nowhere.
import { type ReactNode, useState } from "react";

interface ShownOnceProps {
  /** "API token". */
  readonly label: string;
  readonly value: string;
  readonly text: string;
  readonly onDone: () => void;
  /** What to do with it. */
  readonly children?: ReactNode;
}

export function ShownOnce({ label, value, text, onDone, children }: ShownOnceProps) {
  const [said, setSaid] = useState("Copy");
  const copy = () =>
    // Without https a browser has no clipboard; the field is there to be copied from by hand.
    void Promise.resolve()
      .then(() => navigator.clipboard.writeText(value))
      .then(
        () => setSaid("Copied"),
        () => setSaid("Copy it by hand"),
      );
  return (
    <div className="note good once" role="status">
      <p>{text}</p>
      <div className="once-line">
        <input
          {...{ readOnly: true, className: "code", value, "aria-label": label }}
          onFocus={(event) => event.target.select()}
        />
        <button type="button" onClick={copy}>
          {said}
        </button>
        <button type="button" className="quiet" onClick={onDone}>
          Done
        </button>
      </div>
      {children}
    </div>
  );
}
