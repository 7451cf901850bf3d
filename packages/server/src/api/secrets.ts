// Secrets: made, replaced, renamed, deleted. No answer and no refusal of this file holds a value,
// and none is taken away under a job that uses it unless the client insists.
import { ApiError } from "@trigrun/contract";
import { toPageRequest } from "../store/page.ts";
import {
  changeSecret,
  deleteSecret,
  findJobsUsing,
  findSecret,
  listSecrets,
  lockSecret,
  putSecret,
} from "../store/secrets.ts";
import type { ApiHandlers, RequestContext } from "./context.ts";
import { requireFound } from "./found.ts";

type SecretHandlers = Pick<
  ApiHandlers,
  "createSecret" | "listSecrets" | "getSecret" | "updateSecret" | "deleteSecret"
>;

// As the contract says it; more names than that nobody reads through.
const jobsShownMax = 100;
// What fits a sentence.
const jobsNamedMax = 10;

export const secretHandlers: SecretHandlers = {
  async createSecret({ body }, { tx, workspaceId, now, services, answerAlsoStatus }) {
    const input = { workspaceId, ...body, now };
    const { secret, isNew } = await putSecret(tx, services.vault, input);
    if (!isNew) answerAlsoStatus();
    return secret;
  },

  async listSecrets({ query }, { tx, workspaceId }) {
    const page = toPageRequest("secret", query);
    return listSecrets(tx, workspaceId, { name: query.name, page });
  },

  async getSecret({ params }, { tx, workspaceId }) {
    const secret = requireFound(await findSecret(tx, workspaceId, params.id), "secret");
    const { name } = secret;
    const jobs = await findJobsUsing(tx, { workspaceId, name, limit: jobsShownMax });
    return { ...secret, jobs };
  },

  async updateSecret({ params, body }, context) {
    const { tx, workspaceId, now, services } = context;
    const current = requireFound(await lockSecret(tx, workspaceId, params.id), "secret");
    const name = body.name ?? current.name;
    if (name !== current.name) {
      await requireFreeName(context, name);
      if (!body.force) await requireUnused(context, current.name, 'rename it with "force": true');
    }
    const change = { id: current.id, name, value: body.value, now };
    const changed = await changeSecret(tx, services.vault, change);
    // Taken by another request in this very moment.
    if (changed === undefined) throw toNameConflict(name, "another secret");
    return changed;
  },

  async deleteSecret({ params, query }, context) {
    const { tx, workspaceId } = context;
    const { id, name } = requireFound(await lockSecret(tx, workspaceId, params.id), "secret");
    if (query.force !== "true") await requireUnused(context, name, "delete it with ?force=true");
    await deleteSecret(tx, id);
    return undefined;
  },
};

async function requireFreeName({ tx, workspaceId }: RequestContext, name: string): Promise<void> {
  const { items } = await listSecrets(tx, workspaceId, {
    name,
    page: { limit: 1, before: undefined },
  });
  if (items[0] !== undefined) throw toNameConflict(name, `the secret ${items[0].id}`);
}

function toNameConflict(name: string, holder: string): ApiError {
  return new ApiError("conflict", `The name "${name}" is taken by ${holder}.`);
}

async function requireUnused(
  { tx, workspaceId }: RequestContext,
  name: string,
  insist: string,
): Promise<void> {
  const jobs = await findJobsUsing(tx, { workspaceId, name, limit: jobsShownMax });
  if (jobs.length === 0) return;
  const named = jobs.slice(0, jobsNamedMax).map((job) => `${JSON.stringify(job.name)} (${job.id})`);
  const others = jobs.length - named.length;
  const more = jobs.length === jobsShownMax ? "and more" : `and ${others} more`;
  const list = [...named, ...(others > 0 ? [more] : [])].join(", ");
  throw new ApiError(
    "conflict",
    `The secret "${name}" is used by ${jobs.length === 1 ? "the job" : "the jobs"} ${list}. ` +
      `Change them first, or ${insist}: they then send "secret://${name}" as it is written.`,
  );
}
