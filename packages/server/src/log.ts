// The part of a logger that the loops need. Fields carry ids and outcomes, never credentials.

/** What a line is about, by what the API and the tables call it: `execution_id`, `job_id`. */
export type Ids = Readonly<Record<string, string | null>>;

type Write = (fields: Readonly<Record<string, unknown>>, message: string) => void;

export interface Log {
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
}
