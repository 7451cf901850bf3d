// A channel from its form to its end: the message as its receiver shows it, a test with the whole
// exchange, a change, a new secret, and what deleting asks.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findBarriers } from "./support/barriers.ts";
import { findInMemory } from "./support/memory.ts";
import { openStage, ownerToken, type Stage } from "./support/stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage?.close());

const hostile = `<img src=x onerror="window.broken=1">`;
const secret = "whsec_c29tZXRoaW5nLXNlY3JldA";

async function createWebhook(name: string): Promise<string> {
  const config = { url: `${stage.target.url}/hook`, secret };
  const made = await stage.client.createChannel({ body: { name, type: "webhook", config } });
  return made.id;
}

describe("a new channel", () => {
  it.each([
    ["slack", "Failed: example-job"],
    ["discord", "Failed: example-job"],
    ["email", "Failed: example-job"],
    ["webhook", '"type": "execution.failed"'],
    ["ntfy", "example-job"],
  ])("shows its message while it is filled in: %s", async (type, text) => {
    const page = await stage.open({ token: ownerToken });
    await page.goto(`/channels/new?type=${type}`);
    const preview = page.getByRole("region", { name: "Message preview" });
    await preview.getByText(text).first().waitFor();
    await preview.getByLabel("Event of the preview").selectOption("on_success");
    await preview
      .getByText(/succeeded/)
      .first()
      .waitFor();
    expect(await page.locator("iframe").count()).toBe(0);
    await page.context().close();
  });
});

describe("a channel that is there", () => {
  it("is tested with the whole exchange, whatever the receiver answers", async () => {
    const id = await createWebhook(hostile);
    stage.target.answers({ status: 500, body: hostile });
    const page = await stage.open({ token: ownerToken });
    await page.goto(`/channels/${id}`);
    const drawer = page.getByRole("dialog");
    await drawer.getByRole("button", { name: "Send a test" }).click();
    await drawer.getByText("answered 500").first().waitFor();
    await drawer.locator("pre").filter({ hasText: hostile }).first().waitFor();
    await drawer.getByText("Request headers").click();
    await drawer.getByText("webhook-signature").waitFor();
    expect(await page.evaluate("window.broken")).toBeUndefined();
    expect(await page.content()).not.toContain("c29tZXRoaW5n");
    stage.target.answers(200);
    await page.context().close();
  });

  it("is changed, and keeps the credential that nobody typed", async () => {
    const id = await createWebhook("before");
    const page = await stage.open({ token: ownerToken });
    await page.goto(`/channels/${id}`);
    const drawer = page.getByRole("dialog");
    await drawer.getByRole("button", { name: "Edit" }).click();
    await drawer.getByLabel("Name", { exact: true }).fill("after");
    await drawer.getByText("Pace and retries").click();
    await drawer.getByLabel(/^Max per minute/).fill("30");
    await drawer.getByLabel(/^Seconds between tries/).fill("0");
    await drawer.getByRole("button", { name: "Save" }).click();
    await drawer.getByText(/^Seconds between tries .*\.$/).waitFor();
    await drawer.getByLabel(/^Seconds between tries/).fill("5, 60");
    await drawer.getByRole("button", { name: "Save" }).click();
    await drawer.getByText("30 a minute").waitFor();
    const channel = await stage.client.getChannel({ params: { id } });
    expect(channel).toMatchObject({ name: "after", retry: { schedule_seconds: [5, 60] } });
    const call = stage.target.nextCall();
    await stage.client.testChannel({ params: { id } });
    expect((await call).headers).toHaveProperty("webhook-signature");
    await page.context().close();
  });

  it("gets a new secret that is shown once, and is deleted after one question", async () => {
    const id = await createWebhook("rotated");
    const page = await stage.open({ token: ownerToken });
    await page.goto(`/channels/${id}`);
    const drawer = page.getByRole("dialog", { name: "rotated" });
    await drawer.getByRole("button", { name: "Rotate the secret" }).click();
    await page.getByRole("button", { name: "Make a new secret" }).click();
    const shown = drawer.getByRole("textbox", { name: "Signing secret" });
    const made = await shown.inputValue();
    expect(made).toMatch(/^whsec_/);
    await drawer.getByText("cronctl webhooks verify").waitFor();
    await drawer.getByRole("button", { name: "Done" }).click();
    await shown.waitFor({ state: "detached" });
    await page.keyboard.press("Escape");
    await page.getByRole("link", { name: "Jobs", exact: true }).click();
    await page.getByText("teller").or(page.getByText("No jobs yet")).first().waitFor();
    await page.getByRole("link", { name: "Overview" }).click();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    // Nor does anything that the page keeps still hold it.
    expect(await findInMemory(page, made)).toBe(false);
    await page.goto(`/channels/${id}`);
    await drawer.getByRole("button", { name: "Delete" }).click();
    await page.getByText("Every rule that tells this channel").waitFor();
    await page.getByRole("button", { name: "Delete the channel" }).click();
    await drawer.waitFor({ state: "detached" });
    await expect(stage.client.getChannel({ params: { id } })).rejects.toThrow();
    await page.context().close();
  });

  it("that its receiver ended says why, and is enabled again", async () => {
    const id = await createWebhook("gone");
    stage.target.answers(410);
    const { id: jobId } = await stage.client.createJob({
      body: {
        ...{ name: "teller", kind: "recurring", schedule: { every_n_minutes: 1440 } },
        request: { url: "http://127.0.0.1:1/closed" },
        retry_policy: { max_attempts: 1 },
        notification_rules: [{ channel_id: id, event: "on_failure" }],
      },
    });
    const call = stage.target.nextCall();
    await stage.client.runJobNow({ params: { id: jobId } });
    await call;
    const page = await stage.open({ token: ownerToken });
    const note = page.getByText(/^Disabled/);
    await expect
      .poll(async () => (await stage.client.getChannel({ params: { id } })).disabled_at, {
        timeout: 30_000,
      })
      .not.toBeNull();
    await page.goto(`/channels/${id}`);
    await note.waitFor();
    stage.target.answers(200);
    await page.getByRole("button", { name: "Enable" }).first().click();
    await page.getByText("Enabled gone.").waitFor();
    await note.waitFor({ state: "detached" });
    await page.context().close();
  });

  it.each(["light", "dark"] as const)("has no barrier at 360 pixels, in %s", async (theme) => {
    const id = await createWebhook(`${"w".repeat(80)} ${theme}`);
    const page = await stage.open({ theme, width: 360, height: 740, token: ownerToken });
    await page.goto(`/channels/${id}`);
    await page.getByText('"type": "execution.failed"').waitFor();
    await page.getByRole("button", { name: "Send a test" }).click();
    await page.getByText("answered 200").first().waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole("button", { name: "Edit" }).click();
    expect(await findBarriers(page)).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
    for (const type of ["slack", "discord", "email"]) {
      await page.goto(`/channels/new?type=${type}`);
      await page.getByText("Failed: example-job").first().waitFor();
      expect(await findBarriers(page)).toEqual([]);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
    }
    await page.context().close();
  });
});
