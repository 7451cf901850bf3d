// What tables there are, asked of PostgreSQL itself, so that a table that a later migration makes
// is in every backup without being named anywhere. It changes nothing.
import { raw, sql, type Tx } from "./db.ts";

export interface Table {
  name: string;
  /** Those that are written; generated ones come by themselves. */
  columns: string[];
}

/** Whether it came with an extension, as PostGIS's tables do: another database has its own. */
export const ofExtension = (oid: string) => `exists (select from pg_depend
  where classid = 'pg_class'::regclass and objid = ${oid} and deptype = 'e')`;

/** Whole tables, with all that their partitions hold; each after those that it refers to. */
export async function readTables(tx: Tx): Promise<Table[]> {
  const rows = await tx.rows<Table & { refers_to: string[] }>(
    raw(`
    select c.relname as name,
      array(select a.attname::text from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
        order by a.attnum) as columns,
      array(select distinct p.relname::text from pg_constraint f
        join pg_class p on p.oid = f.confrelid
        where f.conrelid = c.oid and f.contype = 'f' and f.conparentid = 0
          and f.confrelid <> c.oid) as refers_to
    from pg_class c
    where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p')
      and not c.relispartition and not ${ofExtension("c.oid")}
    order by c.relname`),
  );
  const ordered: Table[] = [];
  const left = new Map(rows.map((row) => [row.name, row]));
  while (left.size > 0) {
    const ready = [...left.values()].filter(({ refers_to }) => !refers_to.some((t) => left.has(t)));
    if (ready.length === 0) {
      throw new Error(`These tables refer to each other in a circle: ${[...left.keys()]}`);
    }
    for (const { name, columns } of ready) {
      ordered.push({ name, columns });
      left.delete(name);
    }
  }
  return ordered;
}

export interface Sequence {
  readonly name: string;
  /** The last number that was given out; null before the first. */
  readonly last: number | null;
}

/** Those that number a column of these tables; migrations make no others. */
export function readSequences(tx: Tx, tables: readonly Table[]): Promise<Sequence[]> {
  return tx.rows<Sequence>(sql`
    select s.sequencename as name, s.last_value as last
    from pg_sequences s join pg_depend d
      on d.objid = format('%I.%I', s.schemaname, s.sequencename)::regclass
        and d.classid = 'pg_class'::regclass and d.refclassid = d.classid
        and d.deptype in ('a', 'i')
    join pg_class c on c.oid = d.refobjid
    where s.schemaname = current_schema() and c.relnamespace = current_schema()::regnamespace
      and c.relname = any(${tables.map(({ name }) => name)}::text[])
    order by s.sequencename`);
}

/** A name as it may stand in a statement. */
export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
