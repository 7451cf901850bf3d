// Takes the pictures of the dashboard in docs/images: a built program with some jobs, as people see
// it, wide and on a phone, light and dark. Nothing in a picture is drawn by hand.
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { seed } from "../packages/dashboard/test/support/seed.ts";
import { openStage, ownerToken, type Stage } from "../packages/dashboard/test/support/stage.ts";

const folder = fileURLToPath(new URL("../docs/images/", import.meta.url));

interface Shot {
  readonly name: string;
  readonly path: string;
  /** What must be seen before the picture is taken. */
  readonly wait: string;
  readonly isStranger?: boolean;
}

const shots: readonly Shot[] = [
  { name: "set-up", path: "/", wait: "text=Set up TrigRun", isStranger: true },
  { name: "jobs", path: "/jobs", wait: "text=nightly-backup" },
  { name: "overview", path: "/", wait: "text=nightly-backup" },
  { name: "channels", path: "/channels", wait: "text=ops-webhook" },
  { name: "new-channel", path: "/channels/new?type=pagerduty", wait: "text=Routing key" },
];

const views = {
  light: { width: 1280, height: 800, theme: "light" },
  dark: { width: 1280, height: 800, theme: "dark" },
  "phone-light": { width: 360, height: 740, theme: "light" },
  "phone-dark": { width: 360, height: 740, theme: "dark" },
} as const;

async function take(stage: Stage, shot: Shot, view: keyof typeof views): Promise<void> {
  const token = shot.isStranger ? {} : { token: ownerToken };
  const page = await stage.open({ ...views[view], ...token });
  await page.goto(shot.path);
  await page.locator(shot.wait).first().waitFor();
  await page.waitForLoadState("networkidle");
  const file = `dashboard-${shot.name}-${view}.png`;
  await page.screenshot({ path: `${folder}${file}`, animations: "disabled" });
  await page.context().close();
  process.stdout.write(`wrote docs/images/${file}\n`);
}

export async function takeDashboardPictures(): Promise<void> {
  await mkdir(folder, { recursive: true });
  const stage = await openStage();
  try {
    stage.target.answers(200, 500, 200);
    await seed(stage.client, stage.target.url);
    for (const shot of shots) {
      for (const view of ["light", "dark", "phone-light", "phone-dark"] as const) {
        await take(stage, shot, view);
      }
    }
  } finally {
    await stage.close();
  }
}
