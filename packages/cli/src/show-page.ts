// How a list is answered: a table for people, the API's page for programs.
import type { Page } from "./paging.ts";
import type { View } from "./render.ts";
import type { Session } from "./session.ts";

/** `whenEmpty` is told beside the answer, so that a pipe of no rows stays empty. */
export function showPage<T>(
  session: Session,
  page: Page<T>,
  renderRows: (rows: readonly T[], view: View) => string,
  whenEmpty: string,
): void {
  session.show(page, ({ items }) => (items.length === 0 ? "" : renderRows(items, session.view)));
  if (page.items.length === 0) session.hint(whenEmpty);
  else if (page.next_cursor !== null)
    session.hint("There are more: add --all or a larger --limit.");
}
