// What a page still holds, as a dump of its heap tells: for what must not be kept.
import type { Page } from "playwright-core";

/** True when the text is anywhere in the memory of the page's scripts. */
export async function findInMemory(page: Page, text: string): Promise<boolean> {
  const session = await page.context().newCDPSession(page);
  const parts: string[] = [];
  session.on("HeapProfiler.addHeapSnapshotChunk", ({ chunk }) => parts.push(chunk));
  // Collects what nothing refers to any more first, and so counts only what is kept.
  await session.send("HeapProfiler.takeHeapSnapshot", { reportProgress: false });
  await session.detach();
  return parts.join("").includes(JSON.stringify(text).slice(1, -1));
}
