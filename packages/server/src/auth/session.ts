// Sign-ins: how long they live and how they come to be. The text of a token is answered once.
import { newId } from "../id.ts";
import type { Tx } from "../store/db.ts";
import { insertSession } from "../store/sessions.ts";
import { createSessionText, hashToken } from "./token.ts";

// The specification: a sign-in's token lives 7 days.
const sessionLifeMs = 7 * 24 * 3_600_000;

export interface OpenedSession {
  readonly id: string;
  readonly token: string;
  readonly expiresAt: Date;
}

export async function openSession(
  tx: Tx,
  input: { readonly userId: string; readonly workspaceId: string; readonly now: Date },
): Promise<OpenedSession> {
  const { userId, workspaceId, now } = input;
  const token = createSessionText();
  const expiresAt = new Date(now.getTime() + sessionLifeMs);
  const id = newId("session", now);
  const session = { id, userId, workspaceId, hash: hashToken(token) };
  await insertSession(tx, { ...session, expiresAt, now });
  return { id, token, expiresAt };
}
