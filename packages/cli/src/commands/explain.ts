// `cronctl explain`: why an execution or a delivery went as it did, in sentences.
import type { Command } from "commander";
import { neutralise } from "../display.ts";
import { usageError } from "../errors.ts";
import { examples, onRun, type Run } from "../leaf.ts";
import { isId } from "../lookup.ts";
import type { Session } from "../session.ts";

export function defineExplain(explain: Command, run: Run): void {
  explain.argument("<id>", "id of an execution or a delivery");
  examples(
    explain,
    "cronctl explain exec_0193a5c4f7e2a1b2c3d4e5f60718293a",
    "cronctl explain dlv_0193a5c4f7e2a1b2c3d4e5f60718293a",
  );
  onRun(explain, run, async (session, id: string) => {
    const answer = await ask(session, id);
    session.show(answer, ({ sentences }) => sentences.map(neutralise).join("\n"));
  });
}

async function ask({ client }: Session, id: string) {
  const params = { id };
  if (isId("execution", id)) return client.explainExecution({ params });
  if (isId("delivery", id)) return client.explainDelivery({ params });
  throw usageError(
    `"${id}" is no id of an execution or a delivery. ` +
      "See `cronctl executions list` and `cronctl deliveries list`.",
  );
}
