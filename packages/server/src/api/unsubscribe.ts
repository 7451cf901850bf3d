// The pages behind `List-Unsubscribe`: they end the mails of a channel for whoever got one, without
// a sign-in. Opening one changes nothing; only its button does, or a mail program's (RFC 8058).
import type { FastifyInstance } from "fastify";
import { readUnsubscribeToken } from "../send/unsubscription.ts";
import { insertAuditEntry, noChanges } from "../store/audit-log.ts";
import { disableChannel, findAnyChannel } from "../store/channels.ts";
import { wake } from "../store/wake.ts";
import type { Services } from "./context.ts";
import { requireFound } from "./found.ts";
import { escapeHtml, sendPage } from "./page.ts";

const title = "TrigRun mails";

const reason = "Somebody who got its mails unsubscribed.";

type TokenRoute = { Params: { token: string } };

export function addUnsubscribe(app: FastifyInstance, services: Services): void {
  const { db, vault, clock } = services;

  async function find(token: string) {
    const id = requireFound(readUnsubscribeToken(token, vault.fingerprint), "channel");
    return { id, ...requireFound(await findAnyChannel(db, id), "channel") };
  }

  app.register(async (scope) => {
    // Mail programs send a form of either kind; that it was sent is all it says. As a buffer, since
    // only then the framework bounds it.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer" }, (_request, _body, done) => done(null));
    scope.get<TokenRoute>("/unsubscribe/:token", async ({ params }, reply) => {
      const { name } = await find(params.token);
      return sendPage(reply, { title, content: toQuestion(name), hasForm: true });
    });
    scope.post<TokenRoute>("/unsubscribe/:token", async ({ params, ip, id: requestId }, reply) => {
      const { id, name, workspaceId } = await find(params.token);
      const now = clock.now();
      await db.transaction(async (tx) => {
        const { publicUrl } = services;
        // Only what changes something: whoever has a mail could fill the audit log otherwise.
        if (!(await disableChannel(tx, { id, reason, now, publicUrl }))) return;
        await insertAuditEntry(tx, {
          ...{ at: now, workspaceId, accountId: null, action: "unsubscribe", outcome: "done" },
          actor: { kind: "link", userId: null, tokenId: null, sessionId: null, name: null },
          subject: { kind: "channel", id, name },
          ...{ address: ip, requestId, changes: noChanges },
        });
        await wake(tx, "sender");
      });
      return sendPage(reply, { title, content: toConfirmation(name, id) });
    });
  });
}

function toQuestion(name: string): string {
  return `<h1>Stop these mails?</h1>
<p>The channel <strong dir="auto">${escapeHtml(name)}</strong> will send no more mails, to anybody.
What it would have sent waits, and whoever looks after this TrigRun can read it and enable the
channel again.</p>
<form method="post"><button>Stop the mails</button></form>`;
}

function toConfirmation(name: string, id: string): string {
  return `<h1>No more mails</h1>
<p>The channel <strong dir="auto">${escapeHtml(name)}</strong> is disabled. Whoever has a token of
this TrigRun enables it again with</p>
<p><code>cronctl channels enable ${id}</code></p>`;
}
