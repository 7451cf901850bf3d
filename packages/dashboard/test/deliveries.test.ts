// Deliveries in a real browser: a failed one is explained and retried, a sent one is sent again
// once that was confirmed, and all failed ones are retried after they have been counted.
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
const channelName = `<i onclick=alert(1)>ops</i>‮${"n".repeat(90)}`;
/** An answer that ends a delivery: a webhook is tried again after any other. */
const refusal = { status: 404, headers: { "x-cron-service-retry": "no" } };
const secret = "whsec_c29tZXRoaW5nLXNlY3JldA";

beforeAll(async () => {
  stage = await openStage();
  page = await stage.open({ token: ownerToken });
  page.setDefaultTimeout(patienceMs);
  const config = { url: `${stage.target.url}/hook`, secret };
  const channel = await stage.client.createChannel({
    body: { name: channelName, type: "webhook", config },
  });
  const job = await stage.client.createJob({
    body: {
      ...{ name: "nightly-backup", kind: "recurring", schedule: { every_n_minutes: 1_440 } },
      request: { url: `${stage.target.url}/run` },
      notification_rules: [{ channel_id: channel.id, event: "on_completion" }],
    },
  });
  jobId = job.id;
});
afterAll(() => stage?.close());

const drawer = () => page.getByRole("dialog", { name: "nightly-backup" });

/** The first row in this status. */
const badge = (status: string) => page.locator(".table .badge", { hasText: status }).first();

describe("deliveries", () => {
  it("appear by themselves, with why one failed and what the receiver said", async () => {
    await page.goto("/deliveries");
    await page.getByText("Nobody was told yet").waitFor();
    await page.getByText("Live", { exact: true }).waitFor();
    const body = "<script>window.broken=1</script>";
    // The job's own call, then the channel's.
    stage.target.answers(200, { ...refusal, body });
    await stage.client.runJobNow({ params: { id: jobId } });
    await badge("failed").waitFor();
    await page.getByRole("table").getByRole("link").click();
    await drawer().getByText("HTTP 404").waitFor();
    await drawer().getByText(body).waitFor();
    await drawer().getByText("Request headers").click();
    await drawer().getByText("webhook-signature").waitFor();
    await drawer().locator(".sentences li").first().waitFor();
    expect(await page.evaluate("window.broken")).toBeUndefined();
    const text = await page.content();
    for (const credential of [ownerToken, secret.slice("whsec_".length)]) {
      expect(text).not.toContain(credential);
    }
  });

  it("are retried, and the drawer tells how that went", async () => {
    stage.target.answers(200);
    await drawer().getByRole("button", { name: "Retry" }).click();
    await drawer().getByText("Try 2", { exact: true }).waitFor();
    await drawer().getByRole("button", { name: "Send again" }).waitFor();
    const calls = stage.target.calls.length;
    await drawer().getByRole("button", { name: "Send again" }).click();
    await page.getByRole("button", { name: "Keep it" }).click();
    expect(stage.target.calls.length).toBe(calls);
    await drawer().getByRole("button", { name: "Send again" }).click();
    await page.getByRole("button", { name: "Send it again", exact: true }).click();
    await drawer().getByText("Try 3", { exact: true }).waitFor();
    await page.keyboard.press("Escape");
  });

  it("are retried together, once they have been counted", async () => {
    stage.target.answers(200, refusal);
    await stage.client.runJobNow({ params: { id: jobId } });
    await badge("failed").waitFor();
    await page.getByLabel("Channel").selectOption({ label: channelName });
    await page.getByRole("button", { name: "Retry failed" }).click();
    await page.getByText("1 delivery would be tried again.").waitFor();
    await page.getByLabel("At most per minute").fill("30");
    stage.target.answers(200);
    await page.getByRole("button", { name: "Retry 1 delivery" }).click();
    await page.getByText("1 delivery will be tried again.").waitFor();
    await badge("failed").waitFor({
      state: "detached",
    });
    await page.getByRole("button", { name: "Retry failed" }).click();
    await page.getByRole("button", { name: "Nothing to retry" }).waitFor();
    await page.keyboard.press("Escape");
  });

  it.each([
    ["light", 1280],
    ["dark", 360],
  ] as const)("have no barrier in %s, and fit %i pixels", async (theme, width) => {
    const window = await stage.open({ theme, width, token: ownerToken });
    const { items } = await stage.client.listDeliveries({ query: {} });
    for (const path of ["/deliveries", `/deliveries/${items.at(-1)?.id}`]) {
      await window.goto(path);
      await window.getByRole("table").waitFor();
      if (path !== "/deliveries") await window.getByText("Try 1", { exact: true }).waitFor();
      expect([path, await findBarriers(window)]).toEqual([path, []]);
      expect(await window.evaluate<number>(overflow)).toBeLessThanOrEqual(0);
    }
    await window.context().close();
  });
});
