// The overview, the list of jobs and the palette, in a real browser on the built program: what
// fails and how it is run again, the span in the address, many jobs at once with their way back.
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findBarriers } from "./support/barriers.ts";
import { createHourlyJob, endedRun } from "./support/seed.ts";
import { openStage, ownerToken, type Stage } from "./support/stage.ts";

let stage: Stage;
let page: Page;
beforeAll(async () => {
  stage = await openStage();
  page = await stage.open({ token: ownerToken });
});
afterAll(() => stage?.close());

const hostileName = `<img src=x onerror="window.broken=1">‮${"w".repeat(80)}`;

// How many pixels of the page lie beyond the edge of the window.
const beyond = "Math.max(0, document.documentElement.scrollWidth - window.innerWidth)";

describe("the overview", () => {
  it("leads somebody new to a channel, a test and a job", async () => {
    await page.goto("/");
    await page.getByRole("heading", { name: "Three steps to the first run" }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole("link", { name: "Create a channel" }).waitFor();
    const { id } = await stage.client.createChannel({
      body: { name: "ops", type: "email", config: { email: "ops@example.com" } },
    });
    await page.reload();
    const way = page.getByRole("link", { name: "Open the channel" });
    expect(await way.getAttribute("href")).toBe(`/channels/${id}`);
  });

  it("shows what fails, why, and runs it again with a way back", async () => {
    const { client, target } = stage;
    target.answers(500);
    const { id } = await createHourlyJob(client, target.url, hostileName);
    await endedRun(client, id);
    await endedRun(client, id);
    target.answers(200);
    await endedRun(client, (await createHourlyJob(client, target.url, "fine")).id);
    await page.goto("/");
    await page.getByRole("heading", { name: "Failing now: 1 job" }).waitFor();
    await page.getByText("2 times in a row, since").waitFor();
    await page.getByText("The target answered").or(page.getByText("500")).first().waitFor();
    expect(await page.evaluate("window.broken")).toBeUndefined();
    await page.getByRole("button", { name: /^Run .* again$/ }).click();
    await page.getByRole("button", { name: "Cancel", exact: true }).waitFor();
    // It succeeds now, so the page has nothing left to say about it.
    await page.getByText("Nothing fails, nothing is late").waitFor();
  });

  it("tells the counts of a bucket by keyboard, and keeps the span in the address", async () => {
    await page.getByLabel("The last 7 days").check();
    expect(new URL(page.url()).search).toBe("?hours=168");
    const chart = page.getByRole("slider", { name: "Executions over time" });
    await chart.focus();
    await page.keyboard.press("End");
    const told = await chart.getAttribute("aria-valuetext");
    expect(told).toMatch(/UTC: .*2 failed, 2 succeeded|UTC: 2 failed, 2 succeeded/);
    await page.keyboard.press("Home");
    expect(await chart.getAttribute("aria-valuetext")).toMatch(/: nothing$/);
    await page.reload();
    expect(await page.getByLabel("The last 7 days").isChecked()).toBe(true);
  });

  it("shows channels that are disabled, with the way to them", async () => {
    const { client, target } = stage;
    target.answers(410);
    const hook = { url: `${target.url}/gone`, secret: "whsec_c29tZXRoaW5nLXNlY3JldA" };
    const { id } = await client.createChannel({
      body: { name: "gone", type: "webhook", config: hook },
    });
    const job = await createHourlyJob(client, target.url, "teller");
    const rule = { channel_id: id, event: "on_completion" } as const;
    await client.addRule({ params: { id: job.id }, body: rule });
    await endedRun(client, job.id);
    await page.goto("/");
    await page.getByRole("heading", { name: "Dead destinations" }).waitFor();
    const way = page.getByRole("link", { name: "Open gone" });
    expect(await way.getAttribute("href")).toBe(`/channels/${id}`);
    target.answers(200);
  });
});

describe("many jobs at once", () => {
  it("pauses them, and Undo leaves alone what was paused before", async () => {
    const { id } = await createHourlyJob(stage.client, stage.target.url, "resting");
    await stage.client.pauseJob({ params: { id } });
    await page.goto("/jobs");
    await page.getByLabel("Select resting").check();
    await page.getByLabel("Select fine").check();
    const bar = page.getByRole("region", { name: "Chosen jobs" });
    await bar.getByRole("button", { name: "Pause" }).click();
    await page.getByText("Paused 2 jobs.").waitFor();
    await page.getByRole("button", { name: "Resume fine" }).waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByRole("button", { name: "Pause fine" }).waitFor();
    await page.getByRole("button", { name: "Resume resting" }).waitFor();
  });

  it("keeps chosen what refuses, with the reason", async () => {
    const schedule = { run_at: new Date(Date.now() + 3_600_000).toISOString() };
    const request = { url: `${stage.target.url}/run` };
    await stage.client.createJob({
      body: { name: "held back", kind: "scheduled", schedule, request, state: "draft" },
    });
    await page.reload();
    await page.getByLabel("Select held back").check();
    await page.getByLabel("Select fine").check();
    const bar = page.getByRole("region", { name: "Chosen jobs" });
    await bar.getByRole("button", { name: "Pause" }).click();
    await page.getByText("1 job did not change and stayed chosen:").waitFor();
    expect(await page.getByLabel("Select held back").isChecked()).toBe(true);
    expect(await page.getByLabel("Select fine").isChecked()).toBe(false);
    await bar.getByRole("button", { name: "Choose none" }).click();
  });

  it("says in words how a job went of late", async () => {
    await page.getByRole("img", { name: /^Last 3 runs: 2 failed, 1 succeeded/ }).waitFor();
  });
});

describe("the palette", () => {
  it("finds a job by a part of its name and leads to it", async () => {
    await page.keyboard.press("Control+k");
    await page.keyboard.type("restin");
    await page.getByRole("option", { name: /resting/ }).waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "resting", level: 1 }).waitFor();
    await page.keyboard.press("Control+k");
    await page.keyboard.type("nothing is called so");
    await page.getByText("Nothing has these words").waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await page.keyboard.press("Escape");
  });
});

describe.each(["light", "dark"] as const)("in %s", (theme) => {
  it("has no barrier that axe finds, wide or at 360 pixels", async () => {
    for (const width of [1280, 360]) {
      const window = await stage.open({ theme, width, token: ownerToken });
      for (const path of ["/", "/jobs"]) {
        await window.goto(path);
        await window.getByText(hostileName).first().waitFor();
        expect([path, width, await findBarriers(window)]).toEqual([path, width, []]);
        expect([path, width, await window.evaluate(beyond)]).toEqual([path, width, 0]);
      }
      await window.context().close();
    }
  });
});
