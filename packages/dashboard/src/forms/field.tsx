// One labelled input with its help and its error, tied together for whoever hears the page.
import { type ReactNode, useId } from "react";
import { toComplaint } from "../data/complaint.ts";

export interface FieldWires {
  readonly id: string;
  readonly "aria-describedby"?: string | undefined;
  readonly "aria-invalid"?: true | undefined;
}

interface LabelledProps {
  readonly label: string;
  readonly help?: string | undefined;
  readonly error?: string | undefined;
  readonly isOptional?: boolean;
  readonly children: (wires: FieldWires) => ReactNode;
}

export function Labelled({ label, help, error, isOptional, children }: LabelledProps) {
  const id = useId();
  const helpId = help ? `${id}-help` : undefined;
  const errorId = error ? `${id}-error` : undefined;
  const described = [errorId, helpId].filter(Boolean).join(" ") || undefined;
  return (
    <div className="field">
      <label htmlFor={id}>
        {label}
        {isOptional && <span className="faint"> (optional)</span>}
      </label>
      {children({ id, "aria-describedby": described, "aria-invalid": error ? true : undefined })}
      {error && (
        <p id={errorId} className="field-error" dir="auto">
          {toComplaint(label, error)}
        </p>
      )}
      {help && (
        <p id={helpId} className="field-help">
          {help}
        </p>
      )}
    </div>
  );
}

interface TextFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly name?: string;
  readonly help?: string | undefined;
  readonly error?: string | undefined;
  readonly type?: "text" | "email" | "password" | "url" | "search" | "number";
  readonly placeholder?: string | undefined;
  readonly autoComplete?: string;
  /** The id of a list of values to choose from. */
  readonly list?: string;
  readonly isOptional?: boolean;
}

export function TextField(props: TextFieldProps) {
  const { label, help, error, isOptional = false, onChange, ...input } = props;
  return (
    <Labelled label={label} help={help} error={error} isOptional={isOptional}>
      {(wires) => (
        <input
          {...wires}
          {...input}
          required={!isOptional}
          spellCheck={false}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Labelled>
  );
}
