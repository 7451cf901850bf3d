// Jobs, channels and executions for the pages to show: enough of each state to look at.
import type { Client, TrigRunApi } from "@trigrun/contract";

type ApiClient = Client<TrigRunApi>;

const jobs = [
  ["nightly-backup", "cron", { cron: "0 2 * * *", timezone: "Europe/Berlin" }],
  ["invoice-run", "cron", { cron: "30 6 1 * *", timezone: "America/New_York" }],
  ["health-probe", "recurring", { every_n_minutes: 1 }],
  ["sync-inventory", "recurring", { every_n_minutes: 15 }],
  ["weekly-report", "cron", { cron: "0 8 * * MON", timezone: "UTC" }],
  ["purge-sessions", "recurring", { every_n_minutes: 60 }],
  ["rotate-feature-flags", "recurring", { every_n_minutes: 1440 }],
  ["warm-cache", "recurring", { every_n_minutes: 5 }],
] as const;

/** Runs some of the jobs, of which one fails; waits until they have ended. */
export async function seed(client: ApiClient, targetUrl: string): Promise<void> {
  const webhook = { url: `${targetUrl}/hooks/ops`, secret: "whsec_c29tZXRoaW5nLXNlY3JldA" };
  const ops = await client.createChannel({
    body: { name: "ops-webhook", type: "webhook", config: webhook },
  });
  await client.createChannel({
    body: { name: "on-call", type: "email", config: { email: "oncall@example.com" } },
  });
  for (const [name, kind, schedule] of jobs) {
    // Each row is a job of its kind.
    const body = {
      ...{ name, kind, schedule, request: { url: `${targetUrl}/run/${name}`, method: "POST" } },
      retry_policy: { max_attempts: 1 },
      notification_rules: [{ channel_id: ops.id, event: "on_completion" }],
    } as Parameters<ApiClient["createJob"]>[0]["body"];
    const { id } = await client.createJob({ body });
    if (name === "invoice-run") await client.pauseJob({ params: { id } });
    if (name.startsWith("w") || name === "nightly-backup") {
      await untilEnded(client, (await client.runJobNow({ params: { id } })).id);
    }
  }
}

// An execution on loopback ends within milliseconds; ten seconds are a very slow machine.
const tries = 200;
const waitMs = 50;

async function untilEnded(client: ApiClient, id: string): Promise<void> {
  for (let count = 0; count < tries; count += 1) {
    const { finished_at: finishedAt } = await client.getExecution({ params: { id } });
    if (finishedAt !== null) return;
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
  throw new Error(`${id} does not end`);
}
