// `cronctl overview`: what a person wants to know first.
import type { Command } from "commander";
import { Option } from "commander";
import { examples, onRun, type Run } from "../leaf.ts";
import { renderOverview } from "../views/overview.ts";

// The words of the command for the spans of the API.
const spans = { "24h": "24", "7d": "168", "30d": "720" } as const;

interface OverviewFlags {
  readonly span: keyof typeof spans;
}

export function defineOverview(overview: Command, run: Run): void {
  overview.addOption(
    new Option("--span <span>", "how far to look back").choices(Object.keys(spans)).default("24h"),
  );
  examples(overview, "cronctl overview", "cronctl overview --span 7d");
  onRun(overview, run, async (session, { span }: OverviewFlags) => {
    const answer = await session.client.getOverview({ query: { hours: spans[span] } });
    session.show(answer, (shown) => renderOverview(shown, span, session.view));
  });
}
