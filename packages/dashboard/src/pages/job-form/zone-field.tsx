// A time zone by its IANA name, found by typing a part of it.
import { useId } from "react";
import { Labelled } from "../../forms/field.tsx";

const zones = ["UTC", ...Intl.supportedValuesOf("timeZone").filter((zone) => zone !== "UTC")];

interface ZoneFieldProps {
  readonly value: string;
  readonly error: string | undefined;
  readonly onChange: (zone: string) => void;
}

export function ZoneField({ value, error, onChange }: ZoneFieldProps) {
  const listId = useId();
  return (
    <Labelled label="Time zone" help="Type a city, such as Berlin." error={error}>
      {(wires) => (
        <>
          <input
            {...wires}
            list={listId}
            value={value}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => onChange(event.target.value)}
          />
          <datalist id={listId}>
            {zones.map((zone) => (
              <option key={zone} value={zone} />
            ))}
          </datalist>
        </>
      )}
    </Labelled>
  );
}
