// What goes wrong around the pages, in a real browser: a page of a list that does not come, a token
// that has ended, a page that cannot be loaded, more changes than anybody reads.
import type { Page, Route } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHourlyJob } from "./support/seed.ts";
import { openStage, ownerToken, type Stage } from "./support/stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
  // Three pages of a hundred.
  for (let number = 0; number < 250; number += 1) {
    await createHourlyJob(stage.client, stage.target.url, `job-${number}`);
  }
});
afterAll(() => stage?.close());

const isNextPage = (url: URL) => url.pathname === "/v1/jobs" && url.searchParams.has("cursor");
const scrollDown = (page: Page) => page.evaluate("scrollTo(0, document.body.scrollHeight)");

/** Lets requests wait until they are released. */
async function hold(page: Page, path: string) {
  const held: Route[] = [];
  let arrived = () => {};
  const first = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const isAsked = (url: URL) => url.pathname === path;
  await page.route(isAsked, (route) => {
    held.push(route);
    arrived();
  });
  return {
    first,
    async release() {
      await Promise.all(held.map((route) => route.continue()));
      await page.unroute(isAsked);
    },
  };
}

describe("the next page of a list", () => {
  it("that fails is told and not asked for again until somebody does", async () => {
    const page = await stage.open({ token: ownerToken });
    let asked = 0;
    await page.route(isNextPage, (route) => {
      asked += 1;
      return route.abort("connectionrefused");
    });
    await page.goto("/jobs");
    await page.getByText("job-249", { exact: true }).waitFor();
    await scrollDown(page);
    await page.getByText("The rest could not be loaded.").waitFor();
    expect(asked).toBe(1);
    // The first page is read again meanwhile, which must not set it off.
    const reread = page.waitForResponse((answer) => new URL(answer.url()).pathname === "/v1/jobs");
    const { items } = await stage.client.listJobs({ query: { limit: 1 } });
    await stage.client.runJobNow({ params: { id: items[0]?.id ?? "" } });
    await reread;
    await page.getByText("The rest could not be loaded.").waitFor();
    expect(asked).toBe(1);
    await page.unroute(isNextPage);
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByText("job-149", { exact: true }).waitFor();
    await page.getByText("The rest could not be loaded.").waitFor({ state: "detached" });
    await page.context().close();
  });
});

describe("a long list", () => {
  it("is not read again by itself, and begins anew when it is asked to", async () => {
    const page = await stage.open({ token: ownerToken });
    await page.goto("/jobs");
    for (const name of ["job-249", "job-149", "job-49", "job-0"]) {
      await page.getByText(name, { exact: true }).waitFor();
      await scrollDown(page);
    }
    const button = page.getByRole("button", { name: "New: reload" });
    expect(await button.count()).toBe(0);
    let asked = 0;
    page.on("request", (request) => {
      if (new URL(request.url()).pathname === "/v1/jobs") asked += 1;
    });
    const { items } = await stage.client.listJobs({ query: { limit: 1 } });
    await stage.client.runJobNow({ params: { id: items[0]?.id ?? "" } });
    await button.waitFor();
    expect(asked).toBe(0);
    await button.click();
    await page.getByText("job-249", { exact: true }).waitFor();
    await button.waitFor({ state: "detached" });
    expect(asked).toBeGreaterThan(0);
    await page.context().close();
  });

  it("keeps the row of the keyboard on its job while others come above it", async () => {
    const page = await stage.open({ token: ownerToken });
    await page.goto("/jobs");
    await page.getByText("job-249", { exact: true }).waitFor();
    for (const key of ["j", "j"]) await page.keyboard.press(key);
    const active = page.locator(".row.active strong");
    const before = await active.textContent();
    await createHourlyJob(stage.client, stage.target.url, "newest");
    const { items } = await stage.client.listJobs({ query: { limit: 1 } });
    await stage.client.runJobNow({ params: { id: items[0]?.id ?? "" } });
    await page.getByText("newest", { exact: true }).waitFor();
    expect(await active.textContent()).toBe(before);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: before ?? "", level: 1 }).waitFor();
    await page.context().close();
  });
});

describe("a token that has ended", () => {
  it("signs out nobody who has come in with another one since", async () => {
    const body = { name: "former", role: "admin" } as const;
    const former = await stage.client.createToken({ body });
    const page = await stage.open();
    const comeIn = async (token: string) => {
      await page.getByRole("button", { name: "Use a token instead" }).click();
      await page.getByLabel("Token", { exact: true }).fill(token);
      await page.getByRole("button", { name: "Come in" }).click();
      await page.getByRole("heading", { name: "Jobs", level: 1 }).waitFor();
    };
    await page.goto("/jobs");
    const held = await hold(page, "/v1/jobs");
    await comeIn(former.token);
    await held.first;
    await page.getByLabel(/^Account and workspace/).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await comeIn(ownerToken);
    await stage.client.revokeToken({ params: { id: former.id } });
    const refusal = page.waitForResponse((answer) => answer.status() === 401);
    await held.release();
    await refusal;
    await page.reload();
    await page.getByRole("heading", { name: "Jobs", level: 1 }).waitFor();
    await page.getByText("newest", { exact: true }).waitFor();
    await page.context().close();
  });
});

describe("a page that breaks", () => {
  it("leaves the others usable", async () => {
    const expected = /error occurred in|Failed to fetch dynamically imported module/;
    const page = await stage.open({ token: ownerToken, expected });
    await page.goto("/jobs");
    await page.getByText("job-249", { exact: true }).waitFor();
    await page.route(/channels-page|chunk/, (route) => route.abort());
    await page.getByRole("link", { name: "Channels" }).click();
    await page.getByRole("heading", { name: "This page broke" }).waitFor();
    await page.getByRole("link", { name: "Jobs", exact: true }).click();
    await page.getByText("job-249", { exact: true }).waitFor();
    expect(await page.getByRole("heading", { name: "This page broke" }).count()).toBe(0);
    await page.context().close();
  });
});
