// The inputs for the fields of a schema. It knows no field by name: what the contract describes is
// what is shown. A credential is typed blind and never filled in by the browser.

import { Labelled, TextField } from "./field.tsx";
import { MapField } from "./map-field.tsx";
import { emptyValueOf, type Field, type FormValue, type FormValues } from "./schema-fields.ts";

interface SchemaFormProps {
  readonly fields: readonly Field[];
  readonly values: FormValues;
  readonly errors: Readonly<Record<string, string>>;
  readonly onChange: (values: FormValues) => void;
}

export function SchemaForm({ fields, values, errors, onChange }: SchemaFormProps) {
  return fields.map((field) => (
    <SchemaField
      key={field.key}
      field={field}
      value={values[field.key] ?? emptyValueOf(field)}
      error={errors[field.key]}
      onChange={(value) => onChange({ ...values, [field.key]: value })}
    />
  ));
}

interface SchemaFieldProps {
  readonly field: Field;
  readonly value: FormValue;
  readonly error: string | undefined;
  readonly onChange: (value: FormValue) => void;
}

function SchemaField({ field, value, error, onChange }: SchemaFieldProps) {
  const { key, label, description, kind, isRequired, isSecret, options, fallback, example } = field;
  const frame = { label, help: description, error, isOptional: !isRequired };
  if (typeof value === "boolean") {
    return (
      <label className="check">
        <input type="checkbox" checked={value} onChange={(e) => onChange(e.target.checked)} />
        <span>
          {label}
          <span className="field-help">{description}</span>
        </span>
      </label>
    );
  }
  if (typeof value !== "string") {
    return <MapField {...frame} isSecret={isSecret} value={value} onChange={onChange} />;
  }
  if (kind === "choice") {
    return (
      <Labelled {...frame}>
        {(wires) => (
          <select {...wires} value={value} onChange={(event) => onChange(event.target.value)}>
            {fallback === "" && <option value="">Choose</option>}
            {options.map((option) => (
              <option key={option}>{option}</option>
            ))}
          </select>
        )}
      </Labelled>
    );
  }
  return (
    <TextField
      {...frame}
      name={`config-${key}`}
      value={value}
      onChange={onChange}
      type={isSecret ? "password" : "text"}
      autoComplete={isSecret ? "new-password" : "off"}
      placeholder={isSecret ? undefined : fallback || example}
    />
  );
}
