// The settings in a real browser, as an owner who signed in by hand has them: what is shown once,
// what asks, what can be undone, and that no credential stays in the page.
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findBarriers } from "./support/barriers.ts";
import { openStage, type Stage } from "./support/stage.ts";

/** How many pixels the page is wider than its window. */
const overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
// Twenty seconds are a very slow machine.
const patienceMs = 20_000;

let stage: Stage;
let page: Page;
const password = "four words nobody guesses";

beforeAll(async () => {
  stage = await openStage();
  page = await stage.open();
  page.setDefaultTimeout(patienceMs);
  await page.goto("/settings");
  await page.getByLabel("Your name").fill("Ada");
  await page.getByLabel("E-mail").fill("ada@example.com");
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Set up" }).click();
  await page.getByRole("heading", { name: "Settings" }).waitFor();
});
afterAll(() => stage?.close());

const open = async (name: string) =>
  page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name }).click();

describe("the settings", () => {
  it("rename the workspace, everywhere at once", async () => {
    await page.getByLabel("Name", { exact: true }).fill("<b>Acme</b>");
    await page.getByLabel("Time zone").fill("Mars/Olympus");
    await page.getByRole("button", { name: "Save" }).first().click();
    await page.locator(".field-error").waitFor();
    await page.getByLabel("Time zone").fill("Asia/Tokyo");
    await page.getByRole("button", { name: "Save" }).first().click();
    await page.getByLabel("Account and workspace: <b>Acme</b>").waitFor();
  });

  it("invite somebody by a link that is shown once, and take it back", async () => {
    await open("Members");
    await page.getByLabel("E-mail").fill("grace@example.com");
    await page.getByLabel("Role", { exact: true }).selectOption("admin");
    await page.getByRole("button", { name: "Invite" }).click();
    const link = await page.getByLabel("Link of the invitation").inputValue();
    expect(link).toContain("#");
    await page.getByRole("button", { name: "Done" }).click();
    await page.getByText("as admin").waitFor();
    expect(await page.content()).not.toContain(link.split("#")[1]);
    await page.getByRole("button", { name: "Revoke grace@example.com" }).click();
    await page.getByRole("button", { name: "Revoke the invitation" }).click();
    await page.getByText("as admin").waitFor({ state: "detached" });
  });

  it("make a narrow token, show it once, and revoke it", async () => {
    await open("API tokens");
    await page.getByLabel("Name", { exact: true }).fill("deploy");
    await page.getByText("all that the role may").last().click();
    await page.getByLabel("jobs:write", { exact: true }).check();
    await page.getByLabel(/^Ends/).fill("2999-01-01T00:00");
    await page.getByRole("button", { name: "Create the token" }).click();
    const token = await page.getByLabel("API token", { exact: true }).inputValue();
    const { items } = await stage.client.listTokens({ query: {} });
    expect(items.find(({ name }) => name === "deploy")).toMatchObject({
      ...{ scopes: ["jobs:write"], role: "admin" },
      // Midnight in the zone of the workspace.
      expires_at: "2998-12-31T15:00:00.000Z",
    });
    await page.getByRole("button", { name: "Done" }).click();
    expect(await page.getByLabel("API token", { exact: true }).count()).toBe(0);
    expect(await page.content()).not.toContain(token);
    await page.getByRole("button", { name: "Revoke deploy" }).click();
    await page.getByRole("button", { name: "Keep it" }).click();
    await page.getByRole("button", { name: "Revoke deploy" }).click();
    await page.getByRole("button", { name: "Revoke the token" }).click();
    await page.getByRole("button", { name: "Revoke deploy" }).waitFor({ state: "detached" });
  });

  it("store a secret, and name the jobs that use it before it goes", async () => {
    await open("Secrets");
    await page.getByLabel("Name", { exact: true }).fill("stripe-key");
    await page.getByLabel("Value").fill("rk_live_of_the_test");
    await page.getByRole("button", { name: "Store the secret" }).click();
    await page.getByRole("button", { name: "Change stripe-key" }).waitFor();
    expect(await page.getByLabel("Value").inputValue()).toBe("");
    const headers = { authorization: "Bearer secret://stripe-key" };
    const me = await page.evaluate<string>("sessionStorage.getItem('trigrun.token')");
    await fetch(`${stage.url}/v1/jobs`, {
      method: "POST",
      headers: { authorization: `Bearer ${me}`, "content-type": "application/json" },
      body: JSON.stringify({
        ...{ name: "charge", kind: "recurring", schedule: { every_n_minutes: 60 } },
        request: { url: `${stage.target.url}/run`, headers },
      }),
    });
    await page.getByRole("button", { name: "Change stripe-key" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("charge").waitFor();
    await dialog.getByLabel(/^Name/).fill("stripe");
    await dialog.getByText("These jobs name it as before").waitFor();
    await dialog.getByRole("button", { name: "Save" }).click();
    await page.getByRole("button", { name: "Delete stripe", exact: true }).click();
    await page.getByRole("button", { name: "Delete the secret" }).click();
    await page.getByText("No secrets yet").waitFor();
    expect(await page.content()).not.toContain("rk_live");
  });

  it("change the password, which the next sign-in asks for", async () => {
    await open("My account");
    await page.getByLabel("Current password").fill("not the one it is at all");
    await page.getByLabel("New password").fill("another four words nobody knows");
    await page.getByRole("button", { name: "Change the password" }).click();
    await page.getByRole("alert").or(page.locator(".field-error")).first().waitFor();
    await page.getByLabel("Current password").fill(password);
    await page.getByRole("button", { name: "Change the password" }).click();
    await page.getByText("Changed the password.").waitFor();
    expect(await page.getByLabel("New password").inputValue()).toBe("");
  });

  it("list who did all of this, without any value that was typed", async () => {
    await open("Audit log");
    await page.getByText("change password").first().waitFor();
    await page.getByText("create secret").first().waitFor();
    await page.getByLabel("What", { exact: true }).selectOption("secret");
    await page.getByText("change password").first().waitFor({ state: "detached" });
    const text = await page.content();
    for (const typed of [password, "rk_live", "another four words"]) {
      expect(text).not.toContain(typed);
    }
  });

  it.each([
    ["light", 1280],
    ["dark", 360],
  ] as const)("have no barrier in %s, and fit %i pixels", async (theme, width) => {
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize({ width, height: 740 });
    for (const key of ["workspace", "members", "tokens", "secrets", "account", "audit"]) {
      await page.goto(`/settings/${key}`);
      await page.getByRole("heading", { name: "Settings" }).waitFor();
      await page.locator(".skeleton").first().waitFor({ state: "detached" });
      expect([key, await findBarriers(page)]).toEqual([key, []]);
      expect(await page.evaluate<number>(overflow)).toBeLessThanOrEqual(0);
    }
  });
});
