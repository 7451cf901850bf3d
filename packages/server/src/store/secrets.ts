// Secrets as rows: a name in the open, the value sealed to the row. Every read is bounded by a
// workspace, and a value is only ever opened for the request that needs it.
import type { Secret } from "@trigrun/contract";
import { newId } from "../id.ts";
import type { OpenedSecrets } from "../run/secret.ts";
import { empty, sql, type Tx, violatedConstraint } from "./db.ts";
import { type Page, type PageRequest, toPage } from "./page.ts";
import { type Vault, VaultRefused } from "./vault.ts";

interface SecretRow {
  id: string;
  name: string;
  key_version: number;
  created_at: Date;
  updated_at: Date;
}

const columns = sql`id, name, key_version, created_at, updated_at`;

export interface SecretInput {
  readonly workspaceId: string;
  readonly name: string;
  readonly value: string;
  readonly now: Date;
}

/** Gives the name this value. `isNew` is false when it replaced that of a secret of this name. */
export async function putSecret(
  tx: Tx,
  vault: Vault,
  { workspaceId, name, value, now }: SecretInput,
): Promise<{ secret: Secret; isNew: boolean }> {
  const id = newId("secret", now);
  const [inserted] = await tx.rows<SecretRow>(sql`
    insert into secrets (id, workspace_id, name, sealed, created_at, updated_at)
    values (${id}, ${workspaceId}, ${name}, ${vault.seal(id, value)}, ${now}, ${now})
    on conflict on constraint secrets_name_key do nothing
    returning ${columns}`);
  if (inserted !== undefined) return { secret: toAnswer(inserted), isNew: true };
  const [holder] = await tx.rows<{ id: string }>(sql`
    select id from secrets where workspace_id = ${workspaceId} and name = ${name} for update`);
  // Deleted in this very moment: the name is free.
  if (holder === undefined) return putSecret(tx, vault, { workspaceId, name, value, now });
  // The row keeps its id, which the value is sealed to.
  const [row] = await tx.rows<SecretRow>(sql`
    update secrets set sealed = ${vault.seal(holder.id, value)}, updated_at = ${now}
    where id = ${holder.id} returning ${columns}`);
  if (row === undefined) throw new Error("a locked row is gone");
  return { secret: toAnswer(row), isNew: false };
}

// An id before a name: a secret may be called what is the id of another one.
const isCalled = (workspaceId: string, idOrName: string) => sql`
  workspace_id = ${workspaceId} and (id = ${idOrName} or name = ${idOrName})
  order by id = ${idOrName} desc limit 1`;

/** The secret with this id or this name, locked until the end of the transaction. */
export async function lockSecret(
  tx: Tx,
  workspaceId: string,
  idOrName: string,
): Promise<Secret | undefined> {
  const [row] = await tx.rows<SecretRow>(sql`
    select ${columns} from secrets where ${isCalled(workspaceId, idOrName)} for update`);
  return row && toAnswer(row);
}

export async function findSecret(
  tx: Tx,
  workspaceId: string,
  idOrName: string,
): Promise<Secret | undefined> {
  const [row] = await tx.rows<SecretRow>(sql`
    select ${columns} from secrets where ${isCalled(workspaceId, idOrName)}`);
  return row && toAnswer(row);
}

export interface SecretChange {
  readonly id: string;
  readonly name: string;
  /** Undefined: it stays. */
  readonly value: string | undefined;
  readonly now: Date;
}

/** Changes a secret that this transaction has locked. Undefined when its new name is taken. */
export async function changeSecret(
  tx: Tx,
  vault: Vault,
  { id, name, value, now }: SecretChange,
): Promise<Secret | undefined> {
  const sealed = value === undefined ? undefined : vault.seal(id, value);
  try {
    const [row] = await tx.rows<SecretRow>(sql`
      update secrets set name = ${name}, updated_at = ${now}
        ${sealed === undefined ? empty : sql`, sealed = ${sealed}`}
      where id = ${id} returning ${columns}`);
    if (row === undefined) throw new Error("a locked row is gone");
    return toAnswer(row);
  } catch (error) {
    if (violatedConstraint(error) === "secrets_name_key") return undefined;
    throw error;
  }
}

export async function deleteSecret(tx: Tx, id: string): Promise<void> {
  await tx.run(sql`delete from secrets where id = ${id}`);
}

export async function listSecrets(
  tx: Tx,
  workspaceId: string,
  input: { readonly name: string | undefined; readonly page: PageRequest },
): Promise<Page<Secret>> {
  const { name, page } = input;
  const rows = await tx.rows<SecretRow>(sql`
    select ${columns} from secrets
    where workspace_id = ${workspaceId}
      ${name === undefined ? empty : sql`and name = ${name}`}
      ${page.before === undefined ? empty : sql`and id < ${page.before}`}
    order by id desc limit ${page.limit + 1}`);
  return toPage(rows, page.limit, toAnswer);
}

export interface SecretUse {
  readonly id: string;
  readonly name: string;
}

/** The jobs whose requests refer to the name, newest first, at most `limit`. */
export async function findJobsUsing(
  tx: Tx,
  input: { readonly workspaceId: string; readonly name: string; readonly limit: number },
): Promise<SecretUse[]> {
  // The conditions of the partial index are repeated so that it is used.
  return tx.rows<SecretUse>(sql`
    select id, name from jobs
    where workspace_id = ${input.workspaceId} and secret_names @> array[${input.name}::text]
      and secret_names <> '{}' and deleted_at is null
    order by id desc limit ${input.limit}`);
}

/** Opens what an attempt of the job refers to. A name that is missing in the answer is none. */
export async function openSecrets(
  tx: Tx,
  vault: Vault,
  input: { readonly jobId: string; readonly names: readonly string[] },
): Promise<OpenedSecrets> {
  const rows = await tx.rows<SealedRow>({
    name: "secrets_open",
    text: `select s.id, s.name, s.sealed from secrets s
           join jobs j on j.workspace_id = s.workspace_id
           where j.id = $1 and s.name = any($2)`,
    values: [input.jobId, input.names],
  });
  return openRows(vault, rows);
}

/** The same for a request that is no job's yet. */
export async function openSecretsIn(
  tx: Tx,
  vault: Vault,
  input: { readonly workspaceId: string; readonly names: readonly string[] },
): Promise<OpenedSecrets> {
  const rows = await tx.rows<SealedRow>(sql`
    select id, name, sealed from secrets
    where workspace_id = ${input.workspaceId} and name = any(${input.names})`);
  return openRows(vault, rows);
}

interface SealedRow {
  id: string;
  name: string;
  sealed: Buffer;
}

function openRows(vault: Vault, rows: readonly SealedRow[]): OpenedSecrets {
  const values = new Map<string, string>();
  const unreadable = new Set<string>();
  for (const { id, name, sealed } of rows) {
    try {
      values.set(name, vault.open<string>(id, sealed));
    } catch (error) {
      if (!(error instanceof VaultRefused)) throw error;
      unreadable.add(name);
    }
  }
  return { values, unreadable };
}

function toAnswer(row: SecretRow): Secret {
  return {
    id: row.id,
    name: row.name,
    environment: "workspace",
    key_version: `v${row.key_version}`,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}
