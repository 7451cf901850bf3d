// Many rows as the parameters of one statement: an array for each column. PostgreSQL reads these
// twelve times as fast as the same rows in JSON (13 µs of CPU against 167 µs for 27 columns).

export type ColumnType = "boolean" | "integer" | "real" | "text" | "timestamptz";

interface Values {
  readonly boolean: boolean;
  readonly integer: number;
  readonly real: number;
  readonly text: string;
  readonly timestamptz: Date;
}

type Columns = Readonly<Record<string, ColumnType>>;

/** A row as it is given: what is left out is NULL. */
export type RecordOf<C extends Columns> = {
  readonly [Name in keyof C]?: Values[C[Name]] | null | undefined;
};

export interface Recordset<Row> {
  /** For FROM: `unnest($1::text[], …) as o(id, …)`. */
  readonly text: string;
  /** The parameters of the statement, in the order of the columns. */
  toValues(rows: readonly Row[]): string[];
}

/** `alias` names the rows in the statement, `first` is the number of the first parameter. */
export function createRecordset<const C extends Columns>(
  alias: string,
  columns: C,
  first = 1,
): Recordset<RecordOf<C>> {
  const names = Object.keys(columns);
  const arrays = names.map((name, index) => `$${first + index}::${columns[name]}[]`);
  return {
    text: `unnest(${arrays.join(", ")}) as ${alias}(${names.join(", ")})`,
    toValues: (rows) => names.map((name) => toArray(rows, name)),
  };
}

/** The driver's own way looks at each value twice as long. */
function toArray(rows: readonly Readonly<Record<string, unknown>>[], name: string): string {
  let text = "{";
  for (const row of rows) {
    if (text.length > 1) text += ",";
    text += toElement(row[name]);
  }
  return `${text}}`;
}

function toElement(value: unknown): string {
  if (value === null || value === undefined) return "NULL";
  if (typeof value === "string") return toQuoted(value);
  // A Date that is none must not become NULL, or another instant: `toISOString` throws.
  return value instanceof Date ? value.toISOString() : String(value);
}

const special = /["\\]/;
const allSpecial = /["\\]/g;

function toQuoted(text: string): string {
  return `"${special.test(text) ? text.replace(allSpecial, "\\$&") : text}"`;
}
