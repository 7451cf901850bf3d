// Far ends that are slow, silent, endless, that drop, answer garbage or 100 MB, and names that
// cannot be looked up: for jobs and for channels, on three nodes. Nobody is kept waiting by them.
import { expect, it } from "vitest";
import { raw } from "../../src/store/db.ts";
import { openDnsServer } from "../support/dns-server.ts";
import { openCluster } from "./cluster.ts";
import type { Manner } from "./far-ends.ts";

const nodes = 3;
const bad: readonly Manner[] = [
  ...(["slow", "silent", "endless", "drop", "reset", "garbage", "huge"] as const),
];
// Each receiver that hangs takes 15 s for each eight that wait for it.
const rounds = 4;
// The shortest that a job may have: what hangs is given up after it.
const timeoutSeconds = 1;

const preload = new URL("names.mjs", import.meta.url).href;

/** A name in place of the address, so that it has to be looked up. */
const named = (url: string, name: string) => url.replace("127.0.0.1", name);

it("receivers and names of every bad manner cost nobody else anything", async (test) => {
  const cluster = await openCluster(11);
  test.onTestFinished(() => cluster.close());
  const names = await openDnsServer();
  test.onTestFinished(() => names.close());
  names.answers("late.test", "unknown", ["127.0.0.1"]);
  names.answers("mute.test", "silence", ["127.0.0.1"]);
  const { client, farEnds } = cluster;
  const settings = { NODE_OPTIONS: `--import ${preload}`, TEST_NAME_SERVER: names.address };
  await cluster.startNodes(nodes, { settings });
  for (const manner of bad) {
    const name = `first-${manner}`;
    await client.createChannel(name, farEnds.receiver(name, manner, 200));
  }
  const late = farEnds.receiver("first-unknown", 200);
  await client.createChannel("first-unknown", named(late, "late.test"));
  await client.createChannel("steady", farEnds.receiver("steady", 200));
  const targets = bad.flatMap((manner) => [farEnds.target(manner, 200), farEnds.target(manner)]);
  targets.push(named(farEnds.target(200), "gone.test"), named(farEnds.target(200), "mute.test"));
  const fields = { kind: "one_time", schedule: {}, timeoutSeconds } as const;
  for (let round = 0; round < rounds; round += 1) {
    await Promise.all(targets.map((target) => client.createJob({ ...fields, target })));
  }
  await cluster.untilFinished();
  const db = await cluster.installation.connect();
  test.onTestFinished(() => db.close());
  const classes = await db.rows<{ error_class: string; count: number }>(
    raw(`select error_class, count(*) from (
        select error_class from attempts union all select error_class from delivery_attempts
      ) all_of_them where error_class is not null group by 1 order by 1`),
  );
  const told = classes.map(({ error_class, count }) => `${error_class} ${count}`);
  process.stdout.write(`bad receivers on ${nodes} nodes: ${told.join(", ")}\n`);
  expect(classes.map((row) => row.error_class)).toEqual(
    expect.arrayContaining([
      ...["connection_reset", "dns_error", "protocol_error", "socket_closed"],
      ...["timeout_body", "timeout_connect", "timeout_response"],
    ]),
  );
  const unsent = await db.rows(raw("select from deliveries where status <> 'sent'"));
  expect(unsent).toEqual([]);
  expect(await cluster.prove("Bad receivers")).toEqual([]);
});
