// Dialogs in a real browser: where the focus goes and comes back to, what closes them and what does
// not, and toasts that can be read and used above them.
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHourlyJob } from "./support/seed.ts";
import { openStage, ownerToken, type Stage } from "./support/stage.ts";

let stage: Stage;
let page: Page;
let jobId: string;
beforeAll(async () => {
  stage = await openStage();
  page = await stage.open({ token: ownerToken });
  jobId = (await createHourlyJob(stage.client, stage.target.url, "nightly-backup")).id;
});
afterAll(() => stage?.close());

/** The words of what has the focus. */
const focused = () =>
  page
    .locator(":focus")
    .evaluate((element) => element.getAttribute("aria-label") ?? element.textContent?.trim());

describe("a question", () => {
  it("has its safe answer in focus, and gives the focus back", async () => {
    await page.goto(`/jobs/${jobId}`);
    await page.getByRole("button", { name: "Delete" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    expect(await focused()).toBe("Keep it");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await focused()).toBe("Delete");
    await stage.client.getJob({ params: { id: jobId } });
  });
});

describe("the palette", () => {
  it("has its field in focus, and gives the focus back to where it was", async () => {
    await page.getByRole("link", { name: "Edit" }).focus();
    await page.keyboard.press("Control+k");
    await page.getByRole("dialog").waitFor();
    expect(await focused()).toBe("Find a command, a job, a channel or an id");
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await focused()).toBe("Edit");
  });
});

describe("the backdrop", () => {
  it("closes by a click on it, and not by a drag that begins or ends inside", async () => {
    await page.keyboard.press("Control+k");
    const dialog = page.getByRole("dialog");
    const box = await dialog.boundingBox();
    if (box === null) throw new Error("the dialog is not in sight");
    const [x, y] = [box.x + box.width / 2, box.y + 20];
    for (const [from, to] of [
      [y, 5],
      [5, y],
    ] as const) {
      await page.mouse.move(x, from);
      await page.mouse.down();
      await page.mouse.move(x, to, { steps: 3 });
      await page.mouse.up();
    }
    // Had either of them closed it, this would be typed into nothing.
    await dialog.getByRole("combobox").fill("still here");
    await page.mouse.click(x, 5);
    await dialog.waitFor({ state: "detached" });
  });
});

describe("a toast", () => {
  it("is within reach while a dialog is open, and after it", async () => {
    await page.getByRole("button", { name: "Pause", exact: true }).click();
    await page.getByText("Paused nightly-backup.").waitFor();
    await page.keyboard.press("Control+k");
    await page.getByRole("dialog").getByText("Paused nightly-backup.").waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByText("Paused nightly-backup.").waitFor({ state: "detached" });
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Pause", exact: true }).waitFor();
    await page.getByRole("button", { name: "Pause", exact: true }).click();
    await page.getByText("Paused nightly-backup.").waitFor();
  });
});
