// A form that sends one write to the API: what is refused stands at its field or below all of them,
// and nothing is sent twice.
import { ApiError } from "@trigrun/contract";
import type { ReactNode } from "react";
import { ErrorNote } from "../components/error-note.tsx";
import { toErrors } from "./schema-fields.ts";

interface WriteFormProps {
  readonly title?: string;
  /** What `useWrite` answers. */
  readonly write: { readonly error: Error | null; readonly isPending: boolean };
  /** The paths that have a field here, each of which shows its own error. */
  readonly shown?: readonly string[];
  readonly button: string;
  /** True while there is nothing to send. */
  readonly isOff?: boolean;
  /** Where it stands: in a card of its own, at the way in, or in a dialog. */
  readonly kind?: "card" | "entrance" | "dialog";
  readonly onSubmit: () => void;
  /** The fields, made with what the API said, by the path of the field, where it may say any. */
  readonly children: ReactNode | ((errors: Readonly<Record<string, string>>) => ReactNode);
  /** Between the fields and the button: what came of it. */
  readonly result?: ReactNode;
  /** Of a dialog. */
  readonly onCancel?: () => void;
}

export function WriteForm(props: WriteFormProps) {
  const { title, write, shown = [], kind = "card", onSubmit, children, result } = props;
  const { error } = write;
  const errors = error instanceof ApiError ? toErrors(error.details) : {};
  return (
    <form
      className={kind === "card" ? "card form" : undefined}
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      {title && <h2>{title}</h2>}
      {typeof children === "function" ? children(errors) : children}
      <ErrorNote error={error} shown={shown} />
      {result}
      <Buttons {...props} />
    </form>
  );
}

function Buttons({ kind = "card", button, isOff = false, write, onCancel }: WriteFormProps) {
  const isEntrance = kind === "entrance";
  const submit = (
    <button
      type="submit"
      className={isEntrance ? "primary wide" : "primary"}
      disabled={isOff || write.isPending}
    >
      {button}
    </button>
  );
  if (isEntrance) return submit;
  return (
    <div className={kind === "dialog" ? "actions end" : "actions"}>
      {onCancel && (
        <button type="button" onClick={onCancel}>
          Leave it
        </button>
      )}
      {submit}
    </div>
  );
}
