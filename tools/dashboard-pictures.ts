// Takes the pictures of the dashboard in docs/images: a built program with some jobs, as people see
// it. Every page in both themes, and those of every day on a phone. Nothing in a picture is drawn
// by hand.
import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { seed } from "../packages/dashboard/test/support/seed.ts";
import { openStage, ownerToken, type Stage } from "../packages/dashboard/test/support/stage.ts";

const folder = fileURLToPath(new URL("../docs/images/", import.meta.url));

const views = {
  light: { width: 1280, height: 800, theme: "light" },
  dark: { width: 1280, height: 800, theme: "dark" },
  "phone-light": { width: 360, height: 740, theme: "light" },
  "phone-dark": { width: 360, height: 740, theme: "dark" },
} as const;
type View = keyof typeof views;

const wide: readonly View[] = ["light", "dark"];
const all: readonly View[] = ["light", "dark", "phone-light", "phone-dark"];

interface Shot {
  readonly name: string;
  readonly path: string;
  /** What must be seen before the picture is taken. */
  readonly wait: string;
  readonly views: readonly View[];
  readonly isStranger?: boolean;
  /** What is done on the page first. */
  readonly act?: (page: Page) => Promise<void>;
}

const fixed: readonly Shot[] = [
  { name: "set-up", path: "/", wait: "text=Set up TrigRun", views: wide, isStranger: true },
  { name: "overview", path: "/", wait: "text=Runs next", views: all },
  { name: "jobs", path: "/jobs", wait: "text=nightly-backup", views: all },
  { name: "new-job", path: "/jobs/new", wait: "text=Next runs", views: wide },
  { name: "executions", path: "/executions", wait: "text=nightly-backup", views: wide },
  { name: "deliveries", path: "/deliveries", wait: "text=nightly-backup", views: wide },
  { name: "channels", path: "/channels", wait: "text=ops-webhook", views: wide },
  {
    ...{ name: "new-channel", path: "/channels/new?type=slack", views: wide },
    wait: "text=Failed: example-job",
    // The message and not the choice of the type is what is new to see.
    act: (page) => page.getByText("Open the execution").first().scrollIntoViewIfNeeded(),
  },
  { name: "settings", path: "/settings/members", wait: "text=Invite", views: wide },
  { name: "audit-log", path: "/settings/audit", wait: "text=create job", views: wide },
  {
    ...{ name: "commands", path: "/jobs", wait: "text=nightly-backup", views: wide },
    async act(page) {
      await page.keyboard.press("Control+k");
      await page.keyboard.type("ni");
      await page.getByRole("option", { name: /nightly-backup/ }).waitFor();
    },
  },
];

/** Pages of one thing, which has its id from the seed. */
async function findShots({ client }: Stage): Promise<readonly Shot[]> {
  const jobs = await client.listJobs({ query: { search: "nightly-backup" } });
  const failed = await client.listExecutions({ query: { status: "failed" } });
  const deliveries = await client.listDeliveries({ query: { status: "sent" } });
  const channels = await client.listChannels({ query: { type: "webhook" } });
  return [
    {
      ...{ name: "job", path: `/jobs/${jobs.items[0]?.id}`, views: all },
      wait: "text=Median duration",
    },
    {
      ...{ name: "execution", path: `/executions/${failed.items[0]?.id}`, views: wide },
      wait: "text=Attempt 1",
    },
    {
      ...{ name: "delivery", path: `/deliveries/${deliveries.items[0]?.id}`, views: wide },
      wait: "text=Try 1",
    },
    {
      ...{ name: "channel", path: `/channels/${channels.items[0]?.id}`, views: wide },
      wait: "text=Last 7 days",
    },
  ];
}

// Ours: documents are read on slow lines too.
const pictureBytesMax = 150_000;

async function take(stage: Stage, shot: Shot, view: View): Promise<void> {
  const token = shot.isStranger ? {} : { token: ownerToken };
  const page = await stage.open({ ...views[view], ...token });
  await page.goto(shot.path);
  await page.locator(shot.wait).first().waitFor();
  // Not an idle network: the stream of changes stays open.
  await page.locator(".skeleton").first().waitFor({ state: "detached" });
  await shot.act?.(page);
  const file = `dashboard-${shot.name}-${view}.png`;
  const picture = await page.screenshot({ animations: "disabled", caret: "hide" });
  if (picture.length > pictureBytesMax) throw new Error(`${file} is over 150 KB.`);
  await writeFile(`${folder}${file}`, picture);
  await page.context().close();
  process.stdout.write(`wrote docs/images/${file}, ${picture.length} bytes\n`);
}

export async function takeDashboardPictures(): Promise<void> {
  await mkdir(folder, { recursive: true });
  const stage = await openStage();
  try {
    stage.target.answers(200, 200, 500, 200);
    await seed(stage.client, stage.target.url);
    for (const shot of [...fixed, ...(await findShots(stage))]) {
      for (const view of shot.views) await take(stage, shot, view);
    }
  } finally {
    await stage.close();
  }
}
