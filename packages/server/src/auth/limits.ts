// How often the doors without a token may be tried, by address and by account. Each account is
// also counted per address, so that one stranger cannot lock its owner out from elsewhere. Pure.
import ipaddr from "ipaddr.js";
import type { Limit } from "../store/rate-windows.ts";

const minute = 60;
const hour = 60 * minute;

/** Whoever asks: the client's address, and the account they mean. */
export interface Caller {
  readonly address: string;
  readonly account: string;
}

export interface SignInLimits {
  readonly all: readonly Limit[];
  /** Forgotten when the password was right. */
  readonly own: Limit;
}

// In the order in which they are asked: what the narrower one refuses counts against no wider one.
// 10 wrong passwords are more than a memory has variants. 100 for one account from everywhere is
// what NIST SP 800-63B-4, 3.2.2, allows. 60 from one address let an office behind one sign in.
export function limitsOfSignIn({ address, account }: Caller): SignInLimits {
  const own = limit(`login ${toNetwork(address)} ${toAccount(account)}`, 10, 15 * minute);
  return {
    own,
    all: [
      own,
      limit(`login address ${toNetwork(address)}`, 60, 15 * minute),
      limit(`login account ${toAccount(account)}`, 100, hour),
    ],
  };
}

// How much of what strangers try is written into the audit log, where nobody can delete it: enough
// to see that somebody tries, and when. Each account has a bound of its own, so that a flood of one
// hides nothing of another; all addresses that nobody has share one, 2,400 entries a day.
export function limitsOfStrangersEntry(
  action: "logIn" | "forgotPassword",
  userId: string | null,
): readonly Limit[] {
  if (userId === null) return [limit(`audit ${action} nobody`, 100, hour)];
  return [limit(`audit ${action} ${userId}`, 20, hour)];
}

// Each makes a row and a mail: five are a person in trouble, more is a machine.
export function limitsOfSignUp({ address, account }: Caller): readonly Limit[] {
  return [
    limit(`signup address ${toNetwork(address)}`, 20, hour),
    limit(`signup account ${toAccount(account)}`, 5, hour),
  ];
}

// Each sends a mail to somebody who may not have asked for it.
export function limitsOfMail({ address, account }: Caller): readonly Limit[] {
  return [
    limit(`mail address ${toNetwork(address)}`, 20, hour),
    limit(`mail account ${toAccount(account)}`, 5, hour),
  ];
}

// A workspace must not become somebody's way to send mail to the world. Apart from the limit of
// other mails to the address, which strangers can use up.
export function limitsOfInvitation(workspaceId: string, email: string): readonly Limit[] {
  return [
    limit(`invitation workspace ${workspaceId}`, 50, hour),
    limit(`invitation account ${toAccount(email)}`, 5, hour),
  ];
}

// The secret of a link is not guessed; this bounds the work that guesses cause.
export function limitsOfLink(address: string): readonly Limit[] {
  return [limit(`link address ${toNetwork(address)}`, 60, 15 * minute)];
}

export function limitsOfChange(userId: string): readonly Limit[] {
  return [limit(`change account ${userId}`, 10, 15 * minute)];
}

// Each leaves a workspace and an entry in the audit log, for good.
export function limitsOfNewWorkspace(userId: string): readonly Limit[] {
  return [limit(`workspace account ${userId}`, 20, hour)];
}

// Each leaves an entry in the audit log: every half a minute is more than anybody goes to and fro.
export function limitsOfSwitch(userId: string): readonly Limit[] {
  return [limit(`switch account ${userId}`, 120, hour)];
}

function limit(key: string, max: number, windowSeconds: number): Limit {
  return { key, max, windowSeconds };
}

function toAccount(email: string): string {
  return email.toLowerCase();
}

// RFC 6177: the least that an IPv6 customer gets is a /64, so that is what counts as one address.
const customerBytes = 8;

/** What counts as one address: of IPv6 the network that one customer has. */
export function toNetwork(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  // As IPv4 where it is one in the clothes of IPv6.
  const parsed = ipaddr.process(address);
  if (parsed.kind() === "ipv4") return parsed.toString();
  return Buffer.from(parsed.toByteArray().slice(0, customerBytes)).toString("hex");
}
