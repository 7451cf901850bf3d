// What a server that really runs tells those who watch it: its figures before and after a job with
// a notification, and that the dashboard and the alerts in deploy/ ask for nothing else.
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { createTestDatabase, type TestDatabase } from "../support/db.ts";
import { startReceiver } from "../support/receiver.ts";
import { type Serving, startServing } from "../support/serving.ts";

let database: TestDatabase;
let server: Serving;
beforeEach(async () => {
  database = await createTestDatabase();
  server = await startServing(database);
});
afterEach(async () => {
  await server.stop();
  await database.drop();
});

/** Reads the figures until the one has reached a value: they are counted after the commit. */
async function readUntil(key: string, value: number): Promise<Map<string, number>> {
  for (;;) {
    const samples = await server.metrics();
    if ((samples.get(key) ?? 0) >= value) return samples;
  }
}

describe("the figures of a server", () => {
  it("count a job with a retry and its notification, each once", async ({ onTestFinished }) => {
    const target = await startReceiver();
    const hook = await startReceiver();
    onTestFinished(async () => {
      await target.stop();
      await hook.stop();
    });
    target.answers(503, 200);
    hook.answers(500, 200);
    const before = await server.metrics();
    const { client } = server;
    const channel = await client.createChannel({
      body: {
        name: "hook",
        type: "webhook",
        config: { url: hook.url },
        retry: { schedule_seconds: [1] },
      },
    });
    const yearly = { kind: "cron", schedule: { cron: "0 0 1 1 *" } } as const;
    const job = await client.createJob({
      body: { name: "job", ...yearly, request: { url: target.url } },
    });
    await client.addRule({
      params: { id: job.id },
      body: { channel_id: channel.id, event: "on_success" },
    });
    await client.runJobNow({ params: { id: job.id } });
    const after = await readUntil(
      'trigrun_deliveries_ended_total{channel_type="webhook",status="sent"}',
      1,
    );
    const grown = [...after]
      .filter(([key]) =>
        /^trigrun_(?:attempts|executions|delivery|deliveries|slots|lease)/.test(key),
      )
      .map(([key, value]) => [key, value - (before.get(key) ?? 0)] as const)
      .filter(([, growth]) => growth !== 0);
    expect(Object.fromEntries(grown)).toEqual({
      'trigrun_attempts_total{status="HTTP_ERROR"}': 1,
      'trigrun_attempts_total{status="SUCCESS"}': 1,
      'trigrun_executions_ended_total{status="succeeded"}': 1,
      'trigrun_delivery_tries_total{channel_type="webhook",verdict="retry"}': 1,
      'trigrun_delivery_tries_total{channel_type="webhook",verdict="sent"}': 1,
      'trigrun_deliveries_ended_total{channel_type="webhook",status="sent"}': 1,
    });
    const lateness = 'trigrun_execution_lateness_seconds_count{trigger="manual"}';
    expect(after.get(lateness)).toBe(1);
    expect(after.get('trigrun_settle_batch_size_sum{queue="executions"}')).toBe(2);
    expect(after.get('trigrun_settle_batch_size_sum{queue="deliveries"}')).toBe(2);
  });
});

/** What Prometheus adds to each figure that it reads. */
const scraped = ["job", "instance"];

/** Each figure with its labels, and the values that these have. */
async function readLabels(): Promise<Map<string, Map<string, Set<string>>>> {
  const found = new Map<string, Map<string, Set<string>>>([["up", new Map()]]);
  for (const key of (await server.metrics()).keys()) {
    const [, name = "", list = ""] = /^([^{]+)(?:\{(.*)\})?$/.exec(key) ?? [];
    const labels = found.get(name) ?? new Map<string, Set<string>>();
    for (const [, label = "", value = ""] of list.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
      labels.set(label, (labels.get(label) ?? new Set()).add(value));
    }
    found.set(name, labels);
  }
  return found;
}

/** What an expression asks for that there is not, each as a sentence. */
function findUnknown(
  expression: string,
  known: ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>,
): string[] {
  const problems: string[] = [];
  const asked = expression.matchAll(/\b((?:trigrun|nodejs|process)_\w+|up)\b(?:\{([^}]*)\})?/g);
  const labelsOfAll = new Set([...scraped, "le"]);
  for (const [, name = "", matchers = ""] of asked) {
    const labels = known.get(name);
    if (labels === undefined) {
      problems.push(`there is no figure ${name}`);
      continue;
    }
    for (const label of labels.keys()) labelsOfAll.add(label);
    for (const [, label = "", , text = ""] of matchers.matchAll(/(\w+)(=~|!~|!=|=)"([^"]*)"/g)) {
      if (scraped.includes(label)) continue;
      const values = labels.get(label) ?? new Set();
      const missing = text.split("|").filter((value) => !values.has(value));
      if (missing.length > 0) problems.push(`${name} has no ${label} ${missing.join(", ")}`);
    }
  }
  for (const [, list = ""] of expression.matchAll(/\b(?:by|on) \(([^)]*)\)/g)) {
    const odd = list.split(",").map((label) => label.trim());
    problems.push(
      ...odd.filter((label) => !labelsOfAll.has(label)).map((label) => `no label ${label}`),
    );
  }
  return problems;
}

const read = (path: string) =>
  readFileSync(new URL(`../../../../deploy/${path}`, import.meta.url), "utf8");

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: Readonly<Record<string, string>>;
}

describe("what deploy/ asks for", () => {
  it("is found out where there is no such figure, label or value", async () => {
    const known = await readLabels();
    const find = (expression: string) => findUnknown(expression, known);
    expect(find("sum by (job) (rate(trigrun_attempts_total[5m]))")).toEqual([]);
    expect(find("trigrun_tries_total")).toEqual(["there is no figure trigrun_tries_total"]);
    expect(find('trigrun_slots_total{fate="lost"}')).toEqual([
      "trigrun_slots_total has no fate lost",
    ]);
    expect(find("sum by (fate) (trigrun_queue_due)")).toEqual(["no label fate"]);
  });

  it("is there, for every panel of the dashboard", async () => {
    const known = await readLabels();
    const { panels, templating }: { panels: Panel[]; templating: { list: { query: unknown }[] } } =
      JSON.parse(read("grafana/trigrun.json"));
    const drawn = panels.filter(({ type }) => type !== "row");
    expect(drawn.length).toBeGreaterThan(15);
    for (const { title, targets = [] } of drawn) {
      expect(targets.length, title).toBeGreaterThan(0);
      for (const { expr, legendFormat } of targets) {
        expect(findUnknown(expr, known), title).toEqual([]);
        // An aggregation keeps the labels that it names; without one all are there.
        const kept = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = ""]) =>
          list.split(", "),
        );
        const wanted = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label);
        if (kept.length > 0) expect(kept, title).toEqual(expect.arrayContaining(wanted));
        else expect(scraped, title).toEqual(expect.arrayContaining(wanted));
      }
    }
    expect(JSON.stringify(templating)).toContain("label_values(trigrun_build_info, job)");
  });

  it("is there, for every alert, and each says what to do", async () => {
    const known = await readLabels();
    const { groups }: { groups: { rules: Alert[] }[] } = parse(read("prometheus/alerts.yaml"));
    const rules = groups.flatMap((group) => group.rules);
    expect(rules.length).toBeGreaterThan(8);
    for (const { alert, expr, annotations } of rules) {
      expect(findUnknown(expr, known), alert).toEqual([]);
      expect(alert).toMatch(/^TrigRun[A-Z]/);
      expect(annotations.summary, alert).toMatch(/\w/);
      expect(annotations.description, alert).toMatch(/\.$/);
    }
  });

  it("has an alert for everything that the document says to be woken for", () => {
    const document = readFileSync(
      new URL("../../../../docs/operating/monitoring.md", import.meta.url),
      "utf8",
    );
    const table = document.slice(document.indexOf("## What to be woken for"));
    const figures = new Set(table.match(/trigrun_\w+/g));
    expect(figures.size).toBeGreaterThan(4);
    for (const figure of figures) expect(read("prometheus/alerts.yaml")).toContain(figure);
  });
});
