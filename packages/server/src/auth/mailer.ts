// Sends the mails about accounts. It never keeps a link: each try makes one of its own, and only
// its hash is stored.
//
//   1. claims what is due, and puts the next try of it ahead, for the case that this node dies
//   2. looks whether the mail is still needed, and makes its link
//   3. hands it to the mail door
//   4. ends it, or says when to try again
import { hidden } from "@trigrun/contract";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import { createLoop, type Loop } from "../loop.ts";
import { createScrubber, type Scrub } from "../scrub.ts";
import {
  claimDueMails,
  type DueMail,
  finishMail,
  nextMailDueAt,
  postponeMail,
} from "../store/account-mails.ts";
import type { Database } from "../store/db.ts";
import { readInvitationForMail } from "../store/invitations.ts";
import { findClaimants, findUser } from "../store/users.ts";
import type { Mail, MailOutcome } from "../wire/mail.ts";
import { type AccountMail, toMail } from "./account-mail.ts";
import { createLink, linkLifeMs } from "./link.ts";

export interface MailerOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly mail: (mail: Mail) => Promise<MailOutcome>;
  /** What of our own the mail server may quote: its password. */
  readonly ownSecrets: readonly string[];
}

export interface Mailer extends Loop {
  /** One pass to its end, for tests that own the clock. */
  runOnce(): Promise<number>;
}

// As many as the mail door has connections, twice.
const claimMax = 8;
// Longer than the mail door ever takes for one mail, which is 60 s.
const claimMs = 150_000;
// Looks at least so often: another node may have died with a mail in hand.
const pauseMsMax = 30_000;
const pauseMsMin = 100;

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
// As for deliveries, up to an hour; a mail is given up when its link could not live any more.
const delaysMs = [5 * second, 30 * second, 2 * minute, 10 * minute, 30 * minute, hour] as const;

export function createMailer(options: MailerOptions): Mailer {
  const { db, clock, log } = options;
  const stopping = new AbortController();

  async function runOnce(): Promise<number> {
    const now = clock.now();
    const until = new Date(now.getTime() + claimMs);
    const mails = await claimDueMails(db, { now, until, limit: claimMax });
    await Promise.all(mails.map((mail) => sendOne(options, mail, stopping.signal)));
    return mails.length;
  }

  async function pass(): Promise<number> {
    if ((await runOnce()) === claimMax) return 0;
    const next = await nextMailDueAt(db);
    if (next === undefined) return pauseMsMax;
    const waitMs = next.getTime() - clock.now().getTime();
    return Math.min(Math.max(waitMs, pauseMsMin), pauseMsMax);
  }

  const loop = createLoop({ name: "mailer", pass, log });
  return {
    ...loop,
    runOnce,
    async stop() {
      // A mail server that hangs must not hold up the end of the process: the next try is due soon.
      stopping.abort();
      await loop.stop();
    },
  };
}

async function sendOne(options: MailerOptions, mail: DueMail, signal: AbortSignal): Promise<void> {
  const { db, clock, log } = options;
  const lastAt = mail.createdAt.getTime() + linkLifeMs[mail.purpose];
  // No node could send mail for long: whoever asked does not wait for it any more.
  if (clock.now().getTime() > lastAt) {
    const reason = "It could not be sent in time.";
    return await finishMail(db, { mail, reason, now: clock.now() });
  }
  const content = await compose(options, mail);
  if (content === undefined) {
    const reason = "It was not needed when it was to be sent.";
    return await finishMail(db, { mail, reason, now: clock.now() });
  }
  const outcome = await options.mail({ ...toMail(mail.email, content), signal });
  const now = clock.now();
  if (outcome.kind === "sent") {
    return await finishMail(db, { mail, reason: "The mail server took it.", now });
  }
  const reason = toScrub(options, content)(outcome.message);
  const delayMs = delaysMs[Math.min(mail.attemptCount, delaysMs.length) - 1] ?? hour;
  const dueAt = new Date(now.getTime() + delayMs);
  const isOver = outcome.permanent || dueAt.getTime() > lastAt;
  const fields = { mail_id: mail.id, purpose: mail.purpose, attempt: mail.attemptCount, reason };
  log.warn({ ...fields, given_up: isOver }, "a mail about an account was not sent");
  if (isOver) await finishMail(db, { mail, reason, now });
  else await postponeMail(db, { mail, reason, dueAt });
}

/** A mail server may quote what it was sent, and the link in it opens an account. */
function toScrub({ ownSecrets }: MailerOptions, content: AccountMail): Scrub {
  const link = "url" in content ? [new URL(content.url).hash.slice(1)] : [];
  return createScrubber(new Map([...ownSecrets, ...link].map((value) => [value, hidden])));
}

/** Undefined when nobody needs it: verified meanwhile, or no account has the address. */
async function compose(options: MailerOptions, mail: DueMail): Promise<AccountMail | undefined> {
  if (mail.purpose === "invitation") return await composeInvitation(options, mail);
  if (mail.purpose === "reset_password") return await composeReset(options, mail);
  return await composeVerification(options, mail);
}

async function composeVerification(
  { db, clock }: MailerOptions,
  mail: DueMail,
): Promise<AccountMail | undefined> {
  const { publicUrl } = mail;
  const user = mail.userId === null ? undefined : await findUser(db, mail.userId);
  if (user === undefined || user.verifiedAt !== null) return undefined;
  const { verified } = await findClaimants(db, mail.email);
  // Its owner is told, in place of whoever signed up, who learns nothing.
  if (verified !== undefined) return { kind: "address_taken", publicUrl };
  const now = clock.now();
  const link = { purpose: "verify_email", subjectId: user.id, publicUrl, now } as const;
  return { kind: "verify_email", url: await createLink(db, link) };
}

async function composeReset(
  { db, clock }: MailerOptions,
  { email, publicUrl }: DueMail,
): Promise<AccountMail | undefined> {
  const { verified, pending } = await findClaimants(db, email);
  // Of accounts that only claim it, whoever reads the mailbox gets the youngest.
  const user = verified ?? pending;
  if (user === undefined) return undefined;
  const now = clock.now();
  const link = { purpose: "reset_password", subjectId: user.id, publicUrl, now } as const;
  return { kind: "reset_password", url: await createLink(db, link) };
}

async function composeInvitation(
  { db, clock }: MailerOptions,
  mail: DueMail,
): Promise<AccountMail | undefined> {
  const now = clock.now();
  const found =
    mail.invitationId === null ? undefined : await readInvitationForMail(db, mail.invitationId);
  if (found === undefined || found.expiresAt <= now) return undefined;
  const { id: subjectId, expiresAt, workspace, invitedBy, role } = found;
  const { publicUrl } = mail;
  const link = { purpose: "invitation", subjectId, publicUrl, expiresAt, now } as const;
  return { kind: "invitation", workspace, invitedBy, role, url: await createLink(db, link) };
}
