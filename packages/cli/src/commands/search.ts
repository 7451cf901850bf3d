// `cronctl search`: things by a part of their name or the beginning of their id.
import type { Command } from "commander";
import { examples, onRun, type Run } from "../leaf.ts";
import { renderFound } from "../views/found.ts";

export function defineSearch(search: Command, run: Run): void {
  search.argument("<text>", "a part of a name, or the first digits of an id (four at least)");
  examples(search, "cronctl search backup", "cronctl search exec_0193a5c4");
  onRun(search, run, async (session, text: string) => {
    const answer = await session.client.search({ query: { q: text } });
    session.show(answer, ({ items }) =>
      items.length === 0 ? "" : renderFound(items, session.view),
    );
    if (answer.items.length === 0) session.hint(`Nothing is named like "${text}".`);
  });
}
