// `cronctl explain`: sentences for people, the answer for programs.
import { describe, expect, it } from "vitest";
import { idOf } from "./support/fixtures.ts";
import { useServer } from "./support/suite.ts";

const suite = useServer();
const { type, answer } = suite;
const sentences = ["It was due at noon.", "No rule matched:\u001b[31m the job has none."];

describe("explain", () => {
  it("explains an execution, a sentence a line, and lets nothing reach the terminal", async () => {
    answer({ explainExecution: () => ({ sentences }) });
    const { exitCode, stdout } = await type(`explain ${idOf("exec", 1)}`);
    expect(exitCode).toBe(0);
    expect(stdout.split("\n")[0]).toBe("It was due at noon.");
    expect(stdout).not.toContain("\u001b");
  });

  it("explains a delivery, and prints the answer itself with --json", async () => {
    answer({ explainDelivery: () => ({ sentences: ["It was sent."] }) });
    const { stdout } = await type(`explain ${idOf("dlv", 1)} --json`);
    expect(JSON.parse(stdout)).toEqual({ sentences: ["It was sent."] });
  });

  it("says which ids it takes", async () => {
    const { exitCode, stderr } = await type(`explain ${idOf("job", 1)}`);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("no id of an execution or a delivery");
  });
});
