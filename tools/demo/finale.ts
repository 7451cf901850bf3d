// The end of the story: a table of all deliveries, and what the reader can do next.
import type { Snapshot } from "./judge.ts";
import type { Narrator } from "./narrator.ts";
import { answerOf } from "./news.ts";
import { channelNames, jobName } from "./script.ts";
import type { Stage } from "./stage.ts";

export function tellSummary(narrator: Narrator, snapshot: Snapshot): void {
  const rows = snapshot.deliveries.map((delivery) => {
    const execution = snapshot.executions.find(({ id }) => id === delivery.execution_id);
    const last = delivery.attempts.at(-1);
    return [
      `${execution?.trigger}, ${execution?.status}`,
      delivery.event,
      delivery.channel_name,
      String(delivery.attempts.length),
      delivery.status,
      last === undefined ? "" : answerOf(last),
    ];
  });
  const headings = ["EXECUTION", "EVENT", "CHANNEL", "TRIES", "STATUS", "ANSWER"];
  const [top = "", ...lines] = toTable([headings, ...rows]);
  narrator.print(narrator.paint("strong", top));
  for (const line of lines) narrator.print(line);
  const tries = snapshot.deliveries.reduce((sum, { attempts }) => sum + attempts.length, 0);
  narrator.gap();
  narrator.print(
    `${narrator.paint("good", "✓")} ${rows.length} deliveries, all sent, each taken once; ` +
      `${tries} tries, every signature verified, every message valid.`,
  );
}

function toTable(rows: readonly string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd((widths[column] ?? 0) + 2))
      .join("")
      .trimEnd(),
  );
}

const keptNotice = [
  "It goes on running until Ctrl-C, and this terminal shows what happens.",
  "In another terminal, in this folder:",
];
const endedNotice = [
  "This one is being stopped. `npm run demo -- --keep` leaves one running, with an address",
  "and a token of its own; then, in another terminal in this folder:",
];

export function tellWhatNext(stage: Stage, snapshot: Snapshot, isKept: boolean): void {
  const { narrator, server, target } = stage;
  const retried = snapshot.deliveries.find(({ attempts }) => attempts.length > 1);
  const origin = new URL(target.url).origin;
  const lines = [
    ["API", server.url],
    ["Reference", `${server.url}/docs`],
    ["OpenAPI", `${server.url}/openapi.json`],
  ];
  for (const [name = "", address = ""] of lines) {
    narrator.print(`  ${name.padEnd(10)} ${narrator.paint("strong", address)}`);
  }
  const commands = [
    `export CRON_API_URL=${server.url}`,
    `export CRON_TOKEN=${server.token}`,
    `npx cronctl jobs run ${jobName} --wait`,
    "npx cronctl executions list",
    `npx cronctl deliveries get ${retried?.id ?? "DELIVERY_ID"}`,
    `npx cronctl channels test ${channelNames.slack}`,
    `curl -X POST ${origin}/break      # then run it again; /mend mends it`,
  ];
  narrator.gap();
  for (const line of isKept ? keptNotice : endedNotice) narrator.print(line);
  narrator.gap();
  for (const command of commands) narrator.print(`  ${command}`);
  narrator.print("");
}
