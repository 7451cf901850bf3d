// What a handler has at hand: the transaction it runs in, who asks, and the product's services.
import type { Readable } from "node:stream";
import type { AuditActor, Handlers, Role, TrigRunApi } from "@trigrun/contract";
import type { Passwords } from "../auth/password.ts";
import type { Identity } from "../auth/permission.ts";
import type { Clock } from "../clock.ts";
import type { Config } from "../config.ts";
import type { TestRequest } from "../run/tester.ts";
import type { TestSend } from "../send/tester.ts";
import type { AuditSubject } from "../store/audit-log.ts";
import type { Database, Tx } from "../store/db.ts";
import type { Vault } from "../store/vault.ts";
import type { AddressGuard } from "../wire/address-guard.ts";

/** Made once in main.ts, the same for every request. */
export interface Services {
  readonly db: Database;
  readonly clock: Clock;
  readonly config: Config;
  readonly vault: Vault;
  readonly guard: AddressGuard;
  /** Where people reach this installation; links in notifications begin with it. */
  readonly publicUrl: string;
  /** Sends one message at once, without a delivery: POST …/:id/test. */
  readonly testSend: TestSend;
  /** Makes one request at once, without an execution: POST …/jobs/test-request. */
  readonly testRequest: TestRequest;
  readonly passwords: Passwords;
}

/** Who does it and from where. Every write passes `answer` in server.ts with its actor. */
export interface Actor extends Identity {
  /** The client's: as the connection shows it, or as a trusted proxy tells. */
  readonly address: string;
}

/** What a handler says of a write in a transaction of its own. */
export interface OwnEntry {
  /** Instead of whoever is signed in. */
  readonly actor?: {
    readonly kind: AuditActor;
    readonly userId: string | null;
    /** The sign-in that begins with it. */
    readonly sessionId?: string;
  };
  readonly subject: AuditSubject | null;
  /** Where there is one; else that of the account. */
  readonly workspaceId?: string;
  /** The account that it is about, where that is not the actor's. */
  readonly accountId?: string | null;
  readonly outcome?: "refused";
}

export interface RequestContext {
  readonly services: Services;
  /**
   * Writes run in one transaction, committed before the answer leaves; reads run without, and so
   * does what would keep a transaction waiting (see `outsideTransaction` in server.ts).
   */
  readonly tx: Tx;
  /** The database's time at the start of the request. */
  readonly now: Date;
  readonly requestId: string;
  readonly workspaceId: string;
  readonly actor: Actor;
  readonly role: Exclude<Role, "public">;
  /** Answers with the route's `alsoStatus` instead of its `status`. */
  answerAlsoStatus(): void;
  /**
   * Writes the request into the audit log. For routes that open a transaction of their own, in that
   * one; what runs in the transaction of its request is written down without it.
   */
  record(tx: Tx, entry: OwnEntry): Promise<void>;
  /** This request leaves no entry: it changed nothing, or is one of a flood. */
  omitEntry(): void;
}

export type ApiHandlers = Handlers<TrigRunApi, RequestContext, Readable>;
