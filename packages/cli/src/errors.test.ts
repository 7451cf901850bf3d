// What an error is told as.
import { ApiError, errorTable, UnexpectedAnswer } from "@trigrun/contract";
import { describe, expect, it } from "vitest";
import { toReport, toSentences, usageError } from "./errors.ts";
import { exitCodeOf } from "./exit-codes.ts";

const report = (message: string, ...details: { path: string; message: string }[]) =>
  toSentences({ exitCode: 6, code: "validation_failed", message, details });

describe("the sentences of an error", () => {
  it("are the message and each detail", () => {
    const details = [
      { path: "name", message: "is missing" },
      { path: "", message: "is wrong as a whole" },
    ];
    expect(report("Some fields are wrong.", ...details)).toEqual([
      "Some fields are wrong.",
      "  name: is missing",
      "  is wrong as a whole",
    ]);
  });

  it("say a single detail once, with its path", () => {
    const detail = { path: "schedule.cron", message: "can never fire" };
    expect(report("schedule.cron: can never fire.", detail)).toEqual([
      "schedule.cron: can never fire",
    ]);
    expect(report("can never fire", detail)).toEqual(["schedule.cron: can never fire"]);
    expect(report("Look below.", detail)).toHaveLength(2);
  });

  it("hold nothing that a terminal obeys", () => {
    const lines = report("a\u001b[2J\nb", { path: "\u202e", message: "\u0007" });
    expect(lines).toEqual(["a\\x1b[2J", "b", "  \\u{202e}: \\x07"]);
  });
});

describe("the report of an error", () => {
  it.each(Object.keys(errorTable) as (keyof typeof errorTable)[])(
    "of the code %s keeps code, message and exit code",
    (code) => {
      const { exitCode, code: told, message } = toReport(new ApiError(code, "It is so."), {});
      expect({ exitCode, told }).toEqual({ exitCode: exitCodeOf[code], told: code });
      expect(message).toMatch(/^It is so\./);
    },
  );

  it("names the source of a refused token", () => {
    const error = new ApiError("unauthorized", "Unknown token.");
    expect(toReport(error, { tokenSource: "CRON_TOKEN" }).message).toContain("from CRON_TOKEN");
    expect(toReport(error, {}).message).toContain("cronctl login");
  });

  it("tells a gateway whose server is away from another program", () => {
    expect(toReport(new UnexpectedAnswer(503, "no JSON"), {}).exitCode).toBe(7);
    expect(toReport(new UnexpectedAnswer(200, "no JSON"), {}).exitCode).toBe(1);
  });

  it("of the command line has exit code 2, of a bug 1", () => {
    expect(toReport(usageError("Wrong."), {})).toMatchObject({ exitCode: 2, message: "Wrong." });
    expect(toReport(new Error("oops"), {})).toMatchObject({ exitCode: 1, code: "unexpected" });
  });
});
