// Executions in a real browser: one appears while the list is looked at, and its drawer says where
// its time went, what a hostile target answered, and lets it be run again or cancelled.
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findBarriers } from "./support/barriers.ts";
import { openStage, ownerToken, type Stage } from "./support/stage.ts";

/** How many pixels the page is wider than its window. */
const overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
// Twenty seconds are a very slow machine.
const patienceMs = 20_000;

let stage: Stage;
let page: Page;
let jobId: string;
const hostileName = `<script>window.broken=1</script>‮${"w".repeat(120)}`;
const hostileBody = JSON.stringify({
  note: "<img src=x onerror='window.broken=1'>‮<script>window.broken=1</script>",
  long: "x".repeat(70_000),
});

beforeAll(async () => {
  stage = await openStage();
  page = await stage.open({ token: ownerToken });
  page.setDefaultTimeout(patienceMs);
  const job = await stage.client.createJob({
    body: {
      ...{ name: hostileName, kind: "recurring", schedule: { every_n_minutes: 1_440 } },
      ...{ request: { url: `${stage.target.url}/run` }, retry_policy: { max_attempts: 1 } },
    },
  });
  jobId = job.id;
});
afterAll(() => stage?.close());

const rows = () => page.getByRole("table", { name: "Executions" }).getByRole("link");

/** The first row in this status. */
const badge = (status: string) => page.locator(".table .badge", { hasText: status }).first();

describe("executions", () => {
  it("appear by themselves, and nothing that a target sent is more than text", async () => {
    await page.goto("/executions");
    await page.getByText("Nothing has run yet").waitFor();
    await page.getByText("Live", { exact: true }).waitFor();
    const headers = { "content-type": "text/html; x=<b onclick=alert(1)>" };
    stage.target.answers({ status: 500, headers, body: hostileBody });
    await stage.client.runJobNow({ params: { id: jobId } });
    await page.getByText(hostileName).waitFor();
    await badge("failed").waitFor();
    await rows().click();
    const drawer = page.getByRole("dialog");
    await drawer.getByText("HTTP 500").first().waitFor();
    await drawer.getByText("Wait", { exact: true }).waitFor();
    await drawer.getByText("Response headers").click();
    await drawer.getByText("<b onclick=alert(1)>").waitFor();
    await drawer.getByText("Response body").click();
    await drawer.getByText("<img src=x onerror=").waitFor();
    expect(await page.evaluate("window.broken")).toBeUndefined();
    expect(await page.locator("img, #root script").count()).toBe(0);
    expect(await page.content()).not.toContain(ownerToken);
  });

  it("run again from the drawer, which shows the new one", async () => {
    stage.target.answers(200);
    const before = page.url();
    await page.getByRole("dialog").getByRole("button", { name: "Replay" }).click();
    await page.getByRole("dialog").getByText("the first one").waitFor();
    await page.getByRole("dialog").getByText("succeeded").first().waitFor();
    expect(page.url()).not.toBe(before);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await rows().count()).toBe(2);
  });

  it("are narrowed by the address, which the drawer leaves as it is", async () => {
    await page.getByLabel("Status").selectOption("failed");
    await badge("succeeded").waitFor({ state: "detached" });
    await page.getByLabel("Job", { exact: true }).fill(hostileName);
    await page.getByRole("button", { name: hostileName }).waitFor();
    await rows().click();
    await page.getByRole("dialog").getByText("What happened").waitFor();
    await page.keyboard.press("Escape");
    const { searchParams, pathname } = new URL(page.url());
    expect(pathname).toBe("/executions");
    expect(Object.fromEntries(searchParams)).toEqual({ status: "failed", job_id: jobId });
    await page.getByLabel("From, ").fill("2999-01-01T00:00");
    await page.getByText("No execution matches").waitFor();
    await page.getByRole("button", { name: "Clear the filters" }).click();
    await badge("succeeded").waitFor();
  });

  it("are cancelled once that was confirmed", async () => {
    stage.target.answers("silence");
    const { id } = await stage.client.runJobNow({ params: { id: jobId } });
    await page.goto(`/executions/${id}`);
    const drawer = page.getByRole("dialog", { name: hostileName });
    await drawer.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Keep it" }).click();
    await drawer.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Cancel the execution" }).click();
    await drawer.locator(".badge", { hasText: "cancelled" }).first().waitFor();
  });

  it("wait above the list while somebody reads further down", async () => {
    stage.target.answers(200);
    // As many rows as are higher than the window, once it is low.
    for (let count = 0; count < 12; count += 1) {
      await stage.client.runJobNow({ params: { id: jobId } });
    }
    await page.setViewportSize({ width: 1280, height: 420 });
    await page.goto("/executions");
    await page.getByText("Live", { exact: true }).waitFor();
    await rows().nth(10).scrollIntoViewIfNeeded();
    await page.mouse.wheel(0, 400);
    await expect.poll(() => page.evaluate<number>("scrollY")).toBeGreaterThan(100);
    const newest = await rows().first().getAttribute("href");
    const { id } = await stage.client.runJobNow({ params: { id: jobId } });
    await page.getByRole("button", { name: "1 new" }).click();
    await expect.poll(() => page.evaluate<number>("scrollY")).toBe(0);
    await page.locator(`a[href="/executions/${id}"]`).waitFor();
    expect(newest).not.toBe(`/executions/${id}`);
  });

  it.each([
    ["light", 1280],
    ["dark", 360],
  ] as const)("have no barrier in %s, and fit %i pixels", async (theme, width) => {
    const window = await stage.open({ theme, width, token: ownerToken });
    const { items } = await stage.client.listExecutions({ query: { status: "failed" } });
    for (const path of ["/executions", `/executions/${items[0]?.id}`]) {
      await window.goto(path);
      await window.getByRole("table").waitFor();
      if (path !== "/executions") await window.getByText("Attempt 1", { exact: true }).waitFor();
      expect([path, await findBarriers(window)]).toEqual([path, []]);
      expect(await window.evaluate<number>(overflow)).toBeLessThanOrEqual(0);
      const drawerWidth = "document.querySelector('dialog')?.scrollWidth ?? 0";
      expect(await window.evaluate<number>(drawerWidth)).toBeLessThanOrEqual(width);
    }
    await window.context().close();
  });
});
