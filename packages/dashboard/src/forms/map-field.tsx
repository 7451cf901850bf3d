// Names with values, such as headers: a row each, and one more button than rows.
import { useId } from "react";
import { Icon } from "../components/icon.tsx";
import { toComplaint } from "../data/complaint.ts";

type Rows = readonly (readonly [string, string])[];

interface MapFieldProps {
  readonly label: string;
  readonly help: string;
  readonly error: string | undefined;
  readonly isSecret: boolean;
  readonly value: Rows;
  readonly onChange: (value: Rows) => void;
  /** What a value may well be, offered while it is typed. */
  readonly suggestions?: readonly string[];
}

export function MapField(props: MapFieldProps) {
  const { label, help, error, isSecret, value, onChange, suggestions = [] } = props;
  const listId = useId();
  const change = (at: number, row: readonly [string, string]) =>
    onChange(value.map((each, index) => (index === at ? row : each)));
  return (
    <fieldset className="field">
      <legend>
        {label} <span className="faint">(optional)</span>
      </legend>
      {value.map(([name, text], index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row has no name while it is typed.
        <div key={index} className="map-row">
          <input
            aria-label={`Name ${index + 1}`}
            placeholder="Name"
            value={name}
            onChange={(event) => change(index, [event.target.value, text])}
          />
          <input
            aria-label={`Value ${index + 1}`}
            placeholder="Value"
            type={isSecret ? "password" : "text"}
            autoComplete={isSecret ? "new-password" : "off"}
            list={suggestions.length > 0 ? listId : undefined}
            value={text}
            onChange={(event) => change(index, [name, event.target.value])}
          />
          <button
            type="button"
            className="quiet square"
            aria-label={`Remove ${name || `row ${index + 1}`}`}
            onClick={() => onChange(value.filter((_, each) => each !== index))}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
      <button type="button" onClick={() => onChange([...value, ["", ""]])}>
        <Icon name="plus" /> Add
      </button>
      {suggestions.length > 0 && (
        <datalist id={listId}>
          {suggestions.map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
      )}
      {error && (
        <p className="field-error" role="alert" dir="auto">
          {toComplaint(label, error)}
        </p>
      )}
      {help && <p className="field-help">{help}</p>}
    </fieldset>
  );
}
