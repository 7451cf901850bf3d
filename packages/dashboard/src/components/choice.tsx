// A filter with few values: a select whose first entry takes it away.

interface ChoiceProps {
  /** "State". */
  readonly label: string;
  /** What the first entry says: "Any state". */
  readonly any: string;
  readonly options: readonly string[];
  readonly value: string;
  readonly onChange: (value: string) => void;
}

export function Choice({ label, any, options, value, onChange }: ChoiceProps) {
  return (
    <select
      aria-label={label}
      className={value === "" ? "filter" : "filter on"}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    >
      <option value="">{any}</option>
      {options.map((option) => (
        <option key={option} value={option}>
          {option.replaceAll("_", " ")}
        </option>
      ))}
    </select>
  );
}
