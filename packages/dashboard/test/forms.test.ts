// Forms in a real browser: a date that is typed key by key, a refusal that is told once, a guard
// that leads where it was asked to, and what stays when another kind is chosen.
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStage, ownerToken, type Stage } from "./support/stage.ts";

let stage: Stage;
let page: Page;
beforeAll(async () => {
  stage = await openStage();
  page = await stage.open({ token: ownerToken });
});
afterAll(() => stage?.close());

const count = (text: string | RegExp) => page.getByText(text).count();

describe("a date", () => {
  it("is typed year by year, and says what is wrong until it is one", async () => {
    await page.goto("/jobs/new");
    await page.getByRole("radio", { name: "Once, later" }).check();
    const field = page.getByLabel("Date and time");
    await field.fill("2027-12-01T12:30");
    await page.getByText(/1 Dec 2027, 12:30:00 UTC/).waitFor();
    await field.focus();
    // Day and month stand before the year here; its first key makes it the year 2.
    for (const key of ["ArrowRight", "ArrowRight", "2"]) await page.keyboard.press(key);
    expect(await field.inputValue()).toBe("0002-12-01T12:30");
    await page.getByText(/^Date and time must be a date from 1970/).waitFor();
    await page.keyboard.type("028");
    expect(await field.inputValue()).toBe("2028-12-01T12:30");
    await page.getByText(/1 Dec 2028, 12:30:00 UTC/).waitFor();
    expect(await count(/must be a date from 1970/)).toBe(0);
  });

  it("of a filter keeps what is typed of it, and asks for nothing meanwhile", async () => {
    await page.goto("/executions?from=2027-12-01T12:30:00.000Z");
    const field = page.getByLabel("From, UTC");
    await field.focus();
    for (const key of ["ArrowRight", "ArrowRight", "2"]) await page.keyboard.press(key);
    expect(await field.inputValue()).toBe("0002-12-01T12:30");
    await page.getByText(/^From must be a date from 1970/).waitFor();
    expect(new URL(page.url()).searchParams.get("from")).toBe("2027-12-01T12:30:00.000Z");
    await page.keyboard.type("026");
    await expect
      .poll(() => new URL(page.url()).searchParams.get("from"))
      .toBe("2026-12-01T12:30:00.000Z");
  });
});

describe("a refusal of the API", () => {
  it("is told once: at its field, where it has one", async () => {
    await page.goto("/settings/secrets");
    await page.getByLabel("Name", { exact: true }).fill("no blanks here");
    await page.getByLabel("Value").fill("typed");
    await page.getByRole("button", { name: "Store the secret" }).click();
    await page.getByText("Look at what is marked above.").waitFor();
    const told = await page.locator(".field-error").innerText();
    expect(told).toMatch(/^Name /);
    expect(await count(told.replace(/^Name /, ""))).toBe(1);
  });

  it("is told once: below the fields, where it has none", async () => {
    const window = await stage.open();
    await window.goto("/");
    await window.getByRole("button", { name: "Use a token instead" }).click();
    await window.getByLabel("Token", { exact: true }).fill("cron_pat_of_nobody");
    await window.getByRole("button", { name: "Come in" }).click();
    await window.getByText("The token is unknown, expired or revoked.").waitFor();
    expect(await window.getByText("unknown, expired").count()).toBe(1);
    await window.context().close();
  });
});

describe("what is not saved", () => {
  it("is asked about once before a link leads out of the dashboard", async () => {
    // The documentation tries styles that the policy does not let it have, and does without.
    const page = await stage.open({ token: ownerToken, expected: /Applying inline style/ });
    await page.goto("/jobs/new");
    await page.getByLabel("Name", { exact: true }).fill("lost");
    const docs = page.getByRole("link", { name: "API documentation" });
    await docs.click();
    await page.getByRole("button", { name: "Keep it" }).click();
    expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe("lost");
    expect(new URL(page.url()).pathname).toBe("/jobs/new");
    await docs.click();
    await page.getByRole("button", { name: "Leave" }).click();
    await page.waitForURL(/\/docs/);
    expect(await page.getByRole("heading", { name: "There is no such page" }).count()).toBe(0);
    await page.context().close();
  });
});

describe("the form of a channel", () => {
  it("keeps its name and what both types have, and takes no credential along", async () => {
    await page.goto("/channels?type=webhook");
    await page.getByRole("link", { name: "New channel" }).click();
    expect(new URL(page.url()).search).toBe("?type=webhook");
    await page.getByLabel("Name", { exact: true }).fill("ops");
    const url = page.getByRole("textbox", { name: /^URL/ });
    await url.fill("https://example.com/hook");
    await page.getByLabel(/^Secret/).fill("whsec_c29tZXRoaW5nLXNlY3JldA");
    await page.getByRole("radio", { name: /^Slack/ }).check();
    await page.getByRole("heading", { name: "Slack" }).waitFor();
    expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe("ops");
    const typed = await page.locator("form input").evaluateAll((inputs) =>
      // The inputs of a form have values.
      inputs.map((input) => (input as unknown as { value: string }).value),
    );
    expect(typed.join(" ")).not.toContain("whsec_");
    await page.getByRole("radio", { name: /^Webhook/ }).check();
    await page.getByRole("heading", { name: "Webhook" }).waitFor();
    expect(await url.inputValue()).toBe("https://example.com/hook");
  });
});
