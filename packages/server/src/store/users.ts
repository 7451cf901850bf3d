// People as rows. An address may be claimed by several accounts until one of them verifies it.
import { ApiError } from "@trigrun/contract";
import { sql, type Tx, violatedConstraint } from "./db.ts";

export interface UserRow {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly verifiedAt: Date | null;
}

export interface UserWithHash extends UserRow {
  readonly passwordHash: string;
}

interface Row {
  id: string;
  name: string;
  email: string;
  verified_at: Date | null;
  password_hash: string;
}

const columns = sql`id, name, email, verified_at, password_hash`;

function toUser(row: Row): UserWithHash {
  const { id, name, email, verified_at: verifiedAt, password_hash: passwordHash } = row;
  return { id, name, email, verifiedAt, passwordHash };
}

/** True when anybody ever signed up. */
export async function hasUsers(tx: Tx): Promise<boolean> {
  return (await tx.rows(sql`select 1 from users limit 1`)).length > 0;
}

export interface NewUser {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly passwordHash: string;
  readonly verifiedAt: Date | null;
  readonly now: Date;
}

/** False when it is to be verified at once and another verified account has the address. */
export async function insertUser(tx: Tx, user: NewUser): Promise<boolean> {
  // Two verified accounts for one address at once: the second waits and is told.
  const inserted = await tx.run(sql`
    insert into users (id, name, email, password_hash, verified_at, created_at)
    values (${user.id}, ${user.name}, ${user.email}, ${user.passwordHash}, ${user.verifiedAt},
      ${user.now})
    on conflict do nothing`);
  return inserted > 0;
}

export interface Claimants {
  /** The account whose address it is. */
  readonly verified: UserWithHash | undefined;
  /** The youngest account that only says so. */
  readonly pending: UserWithHash | undefined;
}

export async function findClaimants(tx: Tx, email: string): Promise<Claimants> {
  const rows = await tx.rows<Row>(sql`
    (select ${columns} from users where email_key = lower(${email}) and verified_at is not null)
    union all
    (select ${columns} from users where email_key = lower(${email}) and verified_at is null
      order by id desc limit 1)`);
  const users = rows.map(toUser);
  return {
    verified: users.find(({ verifiedAt }) => verifiedAt !== null),
    pending: users.find(({ verifiedAt }) => verifiedAt === null),
  };
}

export async function findUser(tx: Tx, id: string): Promise<UserWithHash | undefined> {
  const [row] = await tx.rows<Row>(sql`select ${columns} from users where id = ${id}`);
  return row && toUser(row);
}

/**
 * False when the password was changed since it was read. Until the transaction ends it is not
 * changed: whoever does so next finds, and ends, the sign-in that is opened meanwhile.
 */
export async function holdPasswordHash(
  tx: Tx,
  { id, passwordHash }: Pick<UserWithHash, "id" | "passwordHash">,
): Promise<boolean> {
  const rows = await tx.rows(sql`
    select from users where id = ${id} and password_hash = ${passwordHash} for share`);
  return rows.length > 0;
}

/** False when the user is gone or the hash is no longer the one that was read. */
export async function replacePasswordHash(
  tx: Tx,
  input: { readonly userId: string; readonly from: string; readonly to: string },
): Promise<boolean> {
  // Two changes at once: the second finds another hash than it has checked.
  const changed = await tx.run(sql`
    update users set password_hash = ${input.to}
    where id = ${input.userId} and password_hash = ${input.from}`);
  return changed > 0;
}

/** Sets a password whatever it was; true when there is such a user. */
export async function setPasswordHash(tx: Tx, userId: string, hash: string): Promise<boolean> {
  const changed = await tx.run(sql`
    update users set password_hash = ${hash} where id = ${userId}`);
  return changed > 0;
}

/** Throws `unprocessable` when another account has verified the address before. */
export async function markVerified(tx: Tx, userId: string, now: Date): Promise<void> {
  try {
    // Two accounts verify one address at once: the second waits for the first, and then fails.
    await tx.run(sql`
      update users set verified_at = coalesce(verified_at, ${now}) where id = ${userId}`);
  } catch (error) {
    if (violatedConstraint(error) !== "users_email_idx") throw error;
    throw new ApiError(
      "unprocessable",
      "Another account has this address already. Sign in to that one.",
    );
  }
}
