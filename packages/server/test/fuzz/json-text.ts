// JSON as text, with places where any text may stand: numbers that JavaScript cannot hold, names
// that it treats as magic, nesting deeper than its own stack.

/** Text that is put into the JSON as it is. */
export class Raw {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A list of so many levels. */
export function nest(depth: number, isObject: boolean): Raw {
  const [open, close] = isObject ? ['{"a":', "}"] : ["[", "]"];
  return new Raw(`${open.repeat(depth)}1${close.repeat(depth)}`);
}

export function toText(value: unknown): string {
  if (value instanceof Raw) return value.text;
  if (Array.isArray(value)) return `[${value.map(toText).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const members = Object.entries(value).map(
    ([key, child]) => `${JSON.stringify(key)}:${toText(child)}`,
  );
  return `{${members.join(",")}}`;
}
