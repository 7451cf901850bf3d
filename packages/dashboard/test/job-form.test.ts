// A job from the empty form to its first failed notification that is tried again, in a real browser
// against a real target and a real receiver.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Receiver, startReceiver } from "../../server/test/support/receiver.ts";
import { findBarriers } from "./support/barriers.ts";
import { openStage, ownerToken, type Stage } from "./support/stage.ts";

let stage: Stage;
let receiver: Receiver;
beforeAll(async () => {
  stage = await openStage();
  receiver = await startReceiver();
});
afterAll(async () => {
  await receiver?.stop();
  await stage?.close();
});

const hostile = `</pre><script>window.broken=1</script><img src=x onerror="window.broken=1">`;

describe("a new job", () => {
  it("is built in words, tried, saved, run, and its failed notification is retried", async () => {
    const page = await stage.open({ token: ownerToken });
    await page.goto("/channels/new?type=webhook");
    await page.getByLabel("Name", { exact: true }).fill("ops");
    await page.getByRole("textbox", { name: /^URL/ }).fill(`${receiver.url}/hook`);
    await page.getByRole("button", { name: "Create the channel" }).click();
    await page.getByRole("dialog").getByText("enabled").waitFor();
    await page.goto("/jobs/new");
    await page.getByLabel("Name", { exact: true }).fill("nightly-backup");
    await page.getByLabel("When", { exact: true }).selectOption({ label: "On days of the week" });
    await page.getByLabel("At", { exact: true }).fill("17:30");
    const cron = page.getByLabel("Cron expression");
    expect(await cron.inputValue()).toBe("30 17 * * 1-5");
    await cron.fill("15 4 1 * *");
    expect(await page.getByLabel("When", { exact: true }).inputValue()).toBe("monthly");
    await page.getByLabel("Time zone").fill("America/New_York");
    const runs = page.getByRole("region", { name: "Next runs" });
    await runs.getByText("04:15:00 America/New_York").first().waitFor();
    await runs.getByText("Europe/Berlin").first().waitFor();
    expect(await runs.getByRole("listitem").count()).toBe(5);
    stage.target.answers({ status: 418, body: hostile, headers: { "x-odd": "<b>" } });
    await page.getByLabel("URL", { exact: true }).fill(`${stage.target.url}/run`);
    await page.getByRole("button", { name: "Test this request now" }).click();
    await page.getByText("This would be a failure").waitFor();
    await page.getByText(hostile).waitFor();
    expect(await page.evaluate("window.broken")).toBeUndefined();
    await page.getByRole("button", { name: "Tell a channel" }).click();
    await page.getByLabel("Attempts", { exact: true }).fill("1");
    receiver.answers(503, 200);
    await page.getByRole("button", { name: "Create the job" }).click();
    await page.getByRole("heading", { name: "nightly-backup", level: 1 }).waitFor();
    const id = page.url().split("/").at(-1) ?? "";
    const job = await stage.client.getJob({ params: { id } });
    expect(job).toMatchObject({
      ...{ kind: "cron", state: "active" },
      schedule: { cron: "15 4 1 * *", timezone: "America/New_York" },
    });
    const told = receiver.nextCall();
    await stage.client.runJobNow({ params: { id } });
    await told;
    await receiver.nextCall();
    expect(receiver.calls.map(({ path }) => path)).toEqual(["/hook", "/hook"]);
    await page.context().close();
  });

  it("keeps what was typed when something is wrong, and says it at its field", async () => {
    const page = await stage.open({ token: ownerToken });
    await page.goto("/jobs/new");
    await page.getByLabel("Cron expression").fill("61 * * * *");
    await page.getByText(/^Cron expression is not valid/).waitFor();
    await page.getByRole("radio", { name: "JSON" }).check();
    await page.getByLabel("JSON body").fill("{ nope");
    await page.getByRole("button", { name: "Create the job" }).click();
    await page.getByText("Name is required.").waitFor();
    await page.getByText("URL is required.").waitFor();
    await page.getByText(/^JSON body is not JSON/).waitFor();
    await page.getByLabel("JSON body").fill('{ "full": true }');
    await page.getByLabel("Method").selectOption("POST");
    await page.getByLabel("Name", { exact: true }).fill("wrong-cron");
    await page.getByLabel("URL", { exact: true }).fill(`${stage.target.url}/run`);
    await page.getByRole("button", { name: "Save a draft" }).click();
    await page.getByText(/^Cron expression is not valid/).waitFor();
    expect(await page.getByLabel("JSON body").inputValue()).toBe('{ "full": true }');
    // Leaving asks once, and stays where it was until the answer is given.
    await page.getByRole("link", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Keep it" }).click();
    expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe("wrong-cron");
    await page.getByLabel("Cron expression").fill("1 * * * *");
    await page.getByRole("button", { name: "Save a draft" }).click();
    await page.getByRole("heading", { name: "wrong-cron", level: 1 }).waitFor();
    await page.locator(".badge", { hasText: "draft" }).first().waitFor();
    await page.context().close();
  });

  it("asks before it is left, and leaves with the answer", async () => {
    const page = await stage.open({ token: ownerToken });
    await page.goto("/jobs/new");
    await page.getByLabel("Name", { exact: true }).fill("lost");
    await page.getByRole("link", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Leave" }).click();
    await page.getByRole("heading", { name: "Jobs", exact: true }).waitFor();
    await page.context().close();
  });
});

describe("a job that is there", () => {
  it("comes into the form and goes back changed, its schedule left alone", async () => {
    const request = { url: `${stage.target.url}/run`, method: "POST" as const, body: { a: [1] } };
    const schedule = { every_n_minutes: 60 };
    const body = { name: "hourly", kind: "recurring" as const, schedule, request };
    const { id, next_run_at: next } = await stage.client.createJob({ body });
    const page = await stage.open({ token: ownerToken });
    await page.goto(`/jobs/${id}/edit`);
    await page.getByLabel("Name", { exact: true }).fill("hourly-sync");
    await page.getByRole("button", { name: "Save the changes" }).click();
    await page.getByRole("heading", { name: "hourly-sync" }).waitFor();
    const after = await stage.client.getJob({ params: { id } });
    expect(after).toMatchObject({
      next_run_at: next,
      request: { method: "POST", body: { a: [1] } },
    });
    await page.context().close();
  });
});

describe("the notifications of a job that is there", () => {
  it("are changed with it, and those that were left alone stay", async () => {
    const { client, target } = stage;
    const make = (name: string) => {
      const config = { url: `${target.url}/${name}`, secret: "whsec_c29tZXRoaW5nLXNlY3JldA" };
      return client.createChannel({ body: { name, type: "webhook", config } });
    };
    const [kept, gone] = [await make("kept"), await make("gone")];
    const rules = [kept, gone].map(({ id }) => ({ channel_id: id, event: "on_failure" as const }));
    const { id } = await client.createJob({
      body: {
        ...{ name: "teller", kind: "recurring", schedule: { every_n_minutes: 60 } },
        ...{ request: { url: `${target.url}/run` }, notification_rules: rules },
      },
    });
    const before = await client.listRules({ params: { id }, query: {} });
    const page = await stage.open({ token: ownerToken });
    await page.goto(`/jobs/${id}/edit`);
    const shown = page.getByRole("combobox", { name: /^Channel / });
    await shown.nth(1).waitFor();
    const names = await shown.evaluateAll((selects) =>
      selects.map((select) => select.querySelector(":checked")?.textContent),
    );
    const at = names.indexOf("gone") + 1;
    await page.getByRole("button", { name: `Remove notification ${at}` }).click();
    await page.getByRole("button", { name: "Tell a channel" }).click();
    await page.getByLabel("Channel 2").selectOption({ label: "kept" });
    await page.getByLabel("Event 2").selectOption("on_success");
    await page.getByRole("button", { name: "Save the changes" }).click();
    await page.getByRole("heading", { name: "teller", level: 1 }).waitFor();
    await page.getByText("Saved teller.").waitFor();
    const { items } = await client.listRules({ params: { id }, query: {} });
    expect(items.map((rule) => `${rule.channel_name} ${rule.event}`).sort()).toEqual([
      ...["kept on_failure", "kept on_success"],
    ]);
    const same = before.items.find((rule) => rule.channel_name === "kept");
    expect(items.map((rule) => rule.id)).toContain(same?.id);
    await page.context().close();
  });
});

describe("the form of a job", () => {
  it.each(["light", "dark"] as const)("has no barrier that axe finds, in %s", async (theme) => {
    const page = await stage.open({ theme, width: 360, height: 740, token: ownerToken });
    await page.goto("/jobs/new");
    await page.getByLabel("When", { exact: true }).selectOption({ label: "On days of the week" });
    await page
      .getByText(/06:00:00/)
      .first()
      .waitFor();
    await page.getByLabel("URL", { exact: true }).fill(`${stage.target.url}/run`);
    await page.getByRole("button", { name: "Add" }).click();
    await page.getByRole("button", { name: "Test this request now" }).click();
    await page.getByText(/^HTTP \d+ after/).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
    await page.context().close();
  });
});
