// How PostgreSQL reads its tables for what a piece of code sends: each statement is explained as it
// runs, with its real values, and nothing of it stays.
import { type Database, raw, type Sql, type Tx } from "../../src/store/db.ts";

/** A step of a plan, as `explain (format json)` tells it. */
export interface Step {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Actual Loops": number;
  readonly "Rows Removed by Filter"?: number;
  readonly Plans?: readonly Step[];
}

/** The reads of tables in the plans of all that `work` sends. */
export async function readsOf(db: Database, work: (tx: Tx) => Promise<unknown>): Promise<Step[]> {
  const reads: Step[] = [];
  const collect = (step: Step) => {
    const isOfTable = step["Relation Name"] !== undefined;
    if (isOfTable && step["Node Type"].includes("Scan")) reads.push(step);
    for (const below of step.Plans ?? []) collect(below);
  };
  const undo = new Error("only the plan was wanted");
  const explain = async (tx: Tx, query: Sql | { text: string; values: unknown[] }) => {
    await tx.run(raw("savepoint before"));
    const rows = await tx.rows<{ "QUERY PLAN": { Plan: Step }[] }>({
      text: `explain (analyze, timing off, format json) ${query.text}`,
      values: query.values,
    });
    await tx.run(raw("rollback to before"));
    collect(rows[0]?.["QUERY PLAN"][0]?.Plan ?? { "Node Type": "", "Actual Loops": 0 });
  };
  await db
    .transaction(async (tx) => {
      await work({
        rows: async (query) => {
          await explain(tx, query);
          return tx.rows(query);
        },
        run: async (query) => {
          await explain(tx, query);
          return tx.run(query);
        },
      });
      throw undo;
    })
    .catch((error: unknown) => {
      if (error !== undo) throw error;
    });
  return reads;
}
