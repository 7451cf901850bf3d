// A whole `trigrun serve` within the test, as main.ts starts it: on a database of the test's own,
// with a real port, and with every line that it logs kept.
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { type Client, createClient, type TrigRunApi } from "@trigrun/contract";
import { readConfig } from "../../src/config.ts";
import { newId } from "../../src/id.ts";
import type { Log } from "../../src/log.ts";
import { serve } from "../../src/serve.ts";
import type { TestDatabase } from "./db.ts";
import { readSamples } from "./prometheus.ts";

export interface LogLine {
  readonly level: keyof Log;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface Serving {
  readonly url: string;
  /** The owner's. */
  readonly token: string;
  readonly client: Client<TrigRunApi>;
  /** Every line that was logged, of every level. */
  readonly lines: readonly LogLine[];
  /** What /metrics answers, read as Prometheus does. */
  metrics(): Promise<Map<string, number>>;
  stop(): Promise<void>;
}

const token = "a-token-for-the-tests-of-a-whole-server";

export async function startServing(
  database: TestDatabase,
  settings: Readonly<Record<string, string>> = {},
): Promise<Serving> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), "trigrun-serving-"));
  const lines: LogLine[] = [];
  const nodeId = newId("node", new Date());
  const running = await serve({
    config: readConfig({
      DATABASE_URL: database.url,
      TRIGRUN_BOOTSTRAP_TOKEN: token,
      TRIGRUN_ALLOW_NETWORKS: "127.0.0.1/32",
      ...settings,
    }),
    ...{ dataDir, host: "127.0.0.1", port: 0, log: toLog(lines), nodeId },
    stopSignal: new AbortController().signal,
  });
  const url = running.url ?? "";
  return {
    ...{ url, token, lines },
    client: createClient({ baseUrl: url, token, fetch }),
    metrics: async () => readSamples(await (await fetch(`${url}/metrics`)).text()),
    async stop() {
      await running.stop();
      await rm(dataDir, { recursive: true });
    },
  };
}

function toLog(lines: LogLine[]): Log {
  const write = (level: keyof Log) => (fields: LogLine["fields"], message: string) =>
    void lines.push({ level, message, fields });
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}
