// The page of a job, in a real browser on the built program: how it does, its runs with their
// attempts, its rules with a way back, what it sends without a credential, and deletion that asks.
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findBarriers } from "./support/barriers.ts";
import { endedRun } from "./support/seed.ts";
import { openStage, ownerToken, type Stage } from "./support/stage.ts";

let stage: Stage;
let page: Page;
let jobId: string;

const hostileName = `"><script>window.broken=1</script>‮${"w".repeat(80)}`;
const hostileAnswer = `<svg onload="window.broken=1">${"x".repeat(300)}</svg>`;

beforeAll(async () => {
  stage = await openStage();
  const { client, target } = stage;
  await client.createChannel({
    body: { name: "ops", type: "email", config: { email: "ops@example.com" } },
  });
  const headers = { authorization: "Bearer plain-credential", "x-plain": "to be seen" };
  const request = {
    url: `${target.url}/run`,
    method: "POST",
    headers,
    body: { deep: [1] },
  } as const;
  const schedule = { cron: "30 2 * * *", timezone: "America/New_York" };
  const { id } = await client.createJob({
    body: { name: hostileName, kind: "cron", schedule, request, retry_policy: { max_attempts: 1 } },
  });
  jobId = id;
  target.answers({ status: 500, body: hostileAnswer });
  await endedRun(client, id);
  target.answers(200);
  await endedRun(client, id);
  page = await stage.open({ token: ownerToken });
});
afterAll(() => stage?.close());

// How many pixels of the page lie beyond the edge of the window.
const beyond = "Math.max(0, document.documentElement.scrollWidth - window.innerWidth)";

describe("the page of a job", () => {
  it("tells how it does and when it runs next, in its zone", async () => {
    await page.goto(`/jobs/${jobId}`);
    await page.getByRole("heading", { name: hostileName, level: 1 }).waitFor();
    await page.getByText("30 2 * * * America/New_York").waitFor();
    await page.getByText("50.0%").waitFor();
    await page.getByText("1 succeeded, 1 failed").waitFor();
    const next = page.locator("section", { hasText: "Next runs" }).last().getByRole("listitem");
    await next.nth(4).waitFor();
    expect(await next.count()).toBe(5);
    await page.getByRole("slider", { name: "Duration over time" }).focus();
    await page.keyboard.press("End");
    await page
      .getByText(/UTC: median .*, 95 of 100 within/)
      .first()
      .waitFor();
  });

  it("opens a run to its attempts, and shows what was answered as text", async () => {
    await page.locator("details", { hasText: "failed" }).first().locator("summary").click();
    await page.getByText("Attempt 1").waitFor();
    await page.getByText('<svg onload="window.broken=1">').first().waitFor();
    expect(await page.evaluate("window.broken")).toBeUndefined();
  });

  it("shows what it sends, but no credential", async () => {
    await page.getByText("to be seen").waitFor();
    await page.getByText('"deep": [').waitFor();
    expect(await page.content()).not.toContain("plain-credential");
  });

  it("adds a rule, and takes one away with a way back", async () => {
    await page.getByText("Nobody. Add a channel").waitFor();
    await page.getByLabel("Channel to tell").selectOption({ label: "ops" });
    await page.getByRole("button", { name: "Add" }).click();
    const remove = page.getByRole("button", { name: "Do not tell ops when it fails" });
    await remove.click();
    await page.getByText("Nobody. Add a channel").waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await remove.waitFor();
  });

  it("pauses and resumes by key, and says why nothing is planned", async () => {
    await page.getByRole("heading", { level: 1 }).click();
    await page.keyboard.press("p");
    await page.getByText("None while the job is paused.").waitFor();
    await page.keyboard.press("p");
    await page.getByRole("button", { name: "Pause", exact: true }).waitFor();
  });

  it.each(["light", "dark"] as const)("has no barrier that axe finds, in %s", async (theme) => {
    for (const width of [1280, 360]) {
      const window = await stage.open({ theme, width, token: ownerToken });
      await window.goto(`/jobs/${jobId}`);
      await window.getByText("50.0%").waitFor();
      await window.getByText("1 succeeded, 1 failed").waitFor();
      await window.locator(".skeleton").first().waitFor({ state: "detached" });
      expect([width, await findBarriers(window)]).toEqual([width, []]);
      expect([width, await window.evaluate(beyond)]).toEqual([width, 0]);
      await window.context().close();
    }
  });

  it("makes a copy that runs only when somebody activates it", async () => {
    await page.getByRole("button", { name: "Duplicate" }).click();
    await page.getByRole("heading", { name: `${hostileName} (copy)`, level: 1 }).waitFor();
    await page.getByText("None until the draft is activated.").waitFor();
    await page.getByRole("link", { name: "ops" }).waitFor();
  });

  it("asks before it deletes, and keeps the job when the answer is no", async () => {
    await page.goto(`/jobs/${jobId}`);
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("button", { name: "Keep it" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await stage.client.getJob({ params: { id: jobId } });
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("button", { name: "Delete the job" }).click();
    await page.getByRole("heading", { name: "Jobs", level: 1 }).waitFor();
    const left = await stage.client.listJobs({ query: { limit: 10 } });
    expect(left.items.map(({ state }) => state)).toEqual(["draft"]);
  });
});
