// A person's first hour with the dashboard, in a real browser on the built program: set up, create
// a channel, see jobs and act on them. It looks for what is on the page, by the words of the page.
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStage, ownerToken, type Stage } from "./support/stage.ts";

const axePath = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage?.close());

interface AxeResult {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly object[] }[];
}

/** The rules of WCAG 2.2 AA that the page breaks, by axe's own names. */
async function findBarriers(page: Page): Promise<string[]> {
  const { readFileSync } = await import("node:fs");
  // Not as a script of the page, which its policy would stop.
  await page.evaluate(readFileSync(axePath, "utf8"));
  const result = await page.evaluate<AxeResult>(
    "axe.run({ runOnly: ['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa'] })",
  );
  return result.violations.map(({ id, nodes }) => `${id}: ${JSON.stringify(nodes[0])}`);
}

const hostileName = `<img src=x onerror="window.broken=1">‮${"w".repeat(80)}`;

describe("the first hour", () => {
  let page: Page;

  it("begins with the owner's account on a fresh installation", async () => {
    page = await stage.open();
    await page.goto("/jobs");
    await page.getByRole("heading", { name: "Set up TrigRun" }).waitFor();
    await page.getByLabel("Your name").fill("Ada");
    await page.getByLabel("E-mail").fill("ada@example.com");
    await page.getByLabel("Password").fill("too short");
    await page.getByText("6 characters to go.").waitFor();
    await page.getByLabel("Password").fill("four words nobody guesses");
    await page.getByLabel("Workspace").fill("Acme");
    await page.getByRole("button", { name: "Set up" }).click();
    // Where the address led before anybody was signed in.
    await page.getByRole("heading", { name: "Jobs", exact: true }).waitFor();
    await page.getByText("No jobs yet").waitFor();
    expect(page.url()).toBe(`${stage.url}/jobs`);
  });

  it("creates a channel by the form of its type, with what is wrong at its field", async () => {
    await page.keyboard.press("g");
    await page.keyboard.press("c");
    await page.getByRole("link", { name: "Create the first channel" }).click();
    await page.getByLabel(/^Slack/).check();
    await page.getByLabel("Name", { exact: true }).fill("ops");
    await page.getByRole("textbox", { name: /^URL/ }).fill("https://hooks.slack.com/wrong");
    await page.getByRole("button", { name: "Create the channel" }).click();
    await page.getByText("URL must be an incoming webhook's URL").waitFor();
    await page.getByLabel(/^Webhook/).check();
    await page.getByLabel("Name", { exact: true }).fill(hostileName.slice(0, 60));
    await page.getByRole("textbox", { name: /^URL/ }).fill(`${stage.target.url}/hook`);
    await page.getByLabel(/^Secret/).fill("whsec_c29tZXRoaW5nLXNlY3JldA");
    await page.getByRole("button", { name: "Create the channel" }).click();
    const drawer = page.getByRole("dialog");
    await drawer.getByText("••••").waitFor();
    expect(await page.content()).not.toContain("c29tZXRoaW5n");
    await drawer.getByRole("button", { name: "Send a test" }).click();
    await drawer.getByText("answered 200").waitFor();
    await page.keyboard.press("Escape");
    await drawer.waitFor({ state: "detached" });
  });

  it("shows jobs with hostile names as text, and pauses one with a way back", async () => {
    for (const name of [hostileName, "nightly-backup"]) {
      const schedule = { every_n_minutes: 60 };
      const request = { url: `${stage.target.url}/run` };
      await stage.client.createJob({ body: { name, kind: "recurring", schedule, request } });
    }
    await page.goto("/jobs");
    await page.getByText(hostileName).waitFor();
    expect(await page.evaluate("window.broken")).toBeUndefined();
    expect(await page.locator("img").count()).toBe(0);
    await page.getByRole("button", { name: "Pause nightly-backup" }).click();
    await page.getByRole("button", { name: "Resume nightly-backup" }).waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByRole("button", { name: "Pause nightly-backup" }).waitFor();
  });

  it("finds jobs by a part of their name, and keeps what was asked in the address", async () => {
    await page.keyboard.press("/");
    await page.keyboard.type("NIGHT");
    await page.getByText(hostileName).waitFor({ state: "detached" });
    await page.getByText("nightly-backup").waitFor();
    expect(new URL(page.url()).search).toBe("?search=NIGHT");
    await page.reload();
    await page.getByText("nightly-backup").waitFor();
    expect(await page.getByText(hostileName).count()).toBe(0);
  });

  it("finds commands by their words", async () => {
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Find a command" }).fill("dark");
    await page.keyboard.press("Enter");
    expect(await page.evaluate("document.documentElement.dataset.theme")).toBe("dark");
  });

  it("signs out, and leaves no token behind", async () => {
    await page.getByLabel("Account and workspace: Acme").click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in", exact: true }).waitFor();
    expect(await page.evaluate("sessionStorage.length")).toBe(0);
    await page.context().close();
  });
});

describe("every page", () => {
  const paths = ["/", "/jobs", "/executions", "/deliveries", "/channels", "/settings"];

  it.each(["light", "dark"] as const)("has no barrier that axe finds, in %s", async (theme) => {
    const stranger = await stage.open({ theme });
    await stranger.goto("/");
    await stranger.getByRole("heading", { level: 1 }).waitFor();
    expect(await findBarriers(stranger)).toEqual([]);
    await stranger.context().close();
    const page = await stage.open({ theme, token: ownerToken });
    for (const path of [...paths, "/channels/new?type=telegram", "/nothing-here"]) {
      if (path === "/nothing-here") await page.goto("/jobs/job_nothing");
      else await page.goto(path);
      await page.getByRole("main").getByRole("heading").first().waitFor();
      await page.locator(".skeleton").first().waitFor({ state: "detached" });
      expect([path, await findBarriers(page)]).toEqual([path, []]);
    }
    await page.context().close();
  });

  it("fits a window of 360 pixels", async () => {
    const page = await stage.open({ width: 360, height: 740, token: ownerToken });
    for (const path of [...paths, "/channels/new?type=webhook"]) {
      await page.goto(path);
      await page.getByRole("main").getByRole("heading").first().waitFor();
      const width = await page.evaluate("document.documentElement.scrollWidth");
      expect([path, width]).toEqual([path, 360]);
    }
    await page.context().close();
  });
});
