// Mails about accounts that are to be sent. A claim puts the next try ahead of the present one, so
// that a mail whose node dies is tried again by another; a mail may so be sent twice, never lost.
import { newId } from "../id.ts";
import type { LinkPurpose } from "./account-links.ts";
import { sql, type Tx } from "./db.ts";
import { wake } from "./wake.ts";

export interface MailRequest {
  readonly purpose: LinkPurpose;
  readonly email: string;
  /** Null where the sender has to look whether the address has an account. */
  readonly userId: string | null;
  readonly invitationId: string | null;
  readonly publicUrl: string;
  readonly now: Date;
}

/** Asks for a mail, in the transaction of what it is about. */
export async function queueMail(tx: Tx, request: MailRequest): Promise<void> {
  const { purpose, email, userId, invitationId, publicUrl, now } = request;
  await tx.run(sql`
    insert into account_mails (id, purpose, email, user_id, invitation_id, public_url, due_at,
      created_at)
    values (${newId("mail", now)}, ${purpose}, ${email}, ${userId}, ${invitationId},
      ${publicUrl}, ${now}, ${now})`);
  await wake(tx, "mailer");
}

export interface DueMail {
  readonly id: string;
  readonly purpose: LinkPurpose;
  readonly email: string;
  readonly userId: string | null;
  readonly invitationId: string | null;
  readonly publicUrl: string;
  /** With the try that this claim is for. */
  readonly attemptCount: number;
  readonly createdAt: Date;
}

interface Row {
  id: string;
  purpose: LinkPurpose;
  email: string;
  user_id: string | null;
  invitation_id: string | null;
  public_url: string;
  attempt_count: number;
  created_at: Date;
}

export async function claimDueMails(
  tx: Tx,
  input: { readonly now: Date; readonly until: Date; readonly limit: number },
): Promise<DueMail[]> {
  // Two nodes claim at once: the second skips what the first has locked, and afterwards finds it
  // not due.
  const rows = await tx.rows<Row>(sql`
    update account_mails set due_at = ${input.until}, attempt_count = attempt_count + 1
    where id in (
      select id from account_mails where due_at <= ${input.now}
      order by due_at limit ${input.limit} for update skip locked)
    returning id, purpose, email, user_id, invitation_id, public_url, attempt_count, created_at`);
  return rows.map((row) => ({
    id: row.id,
    purpose: row.purpose,
    email: row.email,
    userId: row.user_id,
    invitationId: row.invitation_id,
    publicUrl: row.public_url,
    attemptCount: row.attempt_count,
    createdAt: row.created_at,
  }));
}

/** Ends a mail, unless another node has claimed it anew meanwhile. */
export async function finishMail(
  tx: Tx,
  input: { readonly mail: DueMail; readonly reason: string; readonly now: Date },
): Promise<void> {
  await tx.run(sql`
    update account_mails set due_at = null, finished_at = ${input.now}, reason = ${input.reason}
    where id = ${input.mail.id} and attempt_count = ${input.mail.attemptCount}
      and due_at is not null`);
}

/** Puts the next try of a mail off, unless another node has claimed it anew meanwhile. */
export async function postponeMail(
  tx: Tx,
  input: { readonly mail: DueMail; readonly reason: string; readonly dueAt: Date },
): Promise<void> {
  await tx.run(sql`
    update account_mails set due_at = ${input.dueAt}, reason = ${input.reason}
    where id = ${input.mail.id} and attempt_count = ${input.mail.attemptCount}
      and due_at is not null`);
}

/** When the next mail is due; undefined when there is none. */
export async function nextMailDueAt(tx: Tx): Promise<Date | undefined> {
  const [row] = await tx.rows<{ due_at: Date | null }>(
    sql`select min(due_at) as due_at from account_mails where due_at is not null`,
  );
  return row?.due_at ?? undefined;
}
