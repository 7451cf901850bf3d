// What keeps people out of a page, as axe finds it in the browser. It changes nothing on the page.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const axePath = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

interface AxeResult {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly object[] }[];
}

/** The rules of WCAG 2.2 AA that the page breaks, by axe's own names. */
export async function findBarriers(page: Page): Promise<string[]> {
  // Not as a script of the page, which its policy would stop.
  await page.evaluate(readFileSync(axePath, "utf8"));
  const result = await page.evaluate<AxeResult>(
    "axe.run({ runOnly: ['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa'] })",
  );
  return result.violations.map(({ id, nodes }) => `${id}: ${JSON.stringify(nodes[0])}`);
}
