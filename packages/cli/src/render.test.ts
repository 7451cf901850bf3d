// Tables and details: what fits, what is cut, what is left out.
import { describe, expect, it } from "vitest";
import { widthOf } from "./display.ts";
import { type Column, renderBlock, renderDetails, renderTable, type View } from "./render.ts";

interface Row {
  readonly name: string;
  readonly why: string;
  readonly id: string;
}

const columns: readonly Column<Row>[] = [
  { title: "NAME", text: (row) => row.name },
  { title: "ID", text: (row) => row.id, isRigid: true },
  { title: "WHY", text: (row) => row.why, isOptional: true, tone: () => "bad" },
];

const view = (width?: number): View => ({
  paint: (tone, text) => (text === "" ? "" : `<${tone}>${text}</>`),
  width,
  now: new Date("2026-11-24T10:00:00.000Z"),
  timeZone: "UTC",
});

const rows: readonly Row[] = [
  { name: "nightly-backup-of-everything", why: "it answered 503", id: "job_0123456789abcdef" },
  { name: "日本語のジョブ", why: "", id: "job_fedcba9876543210" },
];

const plain = (text: string) => text.replace(/<\/?[a-z]*>/g, "");
const linesAt = (width?: number) => plain(renderTable(columns, rows, view(width))).split("\n");

describe("a table", () => {
  it("is whole where there is no width", () => {
    expect(linesAt()).toEqual([
      "NAME                          ID                    WHY",
      "nightly-backup-of-everything  job_0123456789abcdef  it answered 503",
      "日本語のジョブ                job_fedcba9876543210",
    ]);
  });

  it("cuts the widest texts first and spares ids", () => {
    expect(linesAt(60)).toEqual([
      "NAME                   ID                    WHY",
      "nightly-backup-of-ev…  job_0123456789abcdef  it answered 503",
      "日本語のジョブ         job_fedcba9876543210",
    ]);
  });

  it("leaves out what is optional before it cuts below sense", () => {
    expect(linesAt(36)).toEqual([
      "NAME            ID",
      "nightly-backu…  job_0123456789abcdef",
      "日本語のジョブ  job_fedcba9876543210",
    ]);
  });

  it("puts an id below rather than cut names beyond recognition", () => {
    const wrapping = columns.map((column) =>
      column.title === "ID" ? { ...column, isWrappable: true } : column,
    );
    const at = (width: number) => plain(renderTable(wrapping, rows, view(width))).split("\n");
    expect(at(60)).toEqual(linesAt(60));
    expect(at(36)).toEqual([
      "NAME                 WHY",
      "  ID",
      "nightly-backup-of-…  it answered 503",
      "  job_0123456789abcdef",
      "日本語のジョブ",
      "  job_fedcba9876543210",
    ]);
    for (let width = 5; width < 80; width++) {
      for (const line of at(width)) expect(widthOf(line)).toBeLessThanOrEqual(width);
    }
  });

  it("cuts ids at last, so that it always fits", () => {
    for (let width = 5; width < 80; width++) {
      for (const line of linesAt(width)) expect(widthOf(line)).toBeLessThanOrEqual(width);
    }
  });

  it("puts colour on without counting it", () => {
    expect(renderTable(columns, rows, view(60))).toContain("<bad>it answered 503</>");
  });

  it("keeps each row on one line, whatever it holds", () => {
    const evil = [{ name: "two\nlines\u001b[2J", why: "", id: "x" }];
    expect(plain(renderTable(columns, evil, view())).split("\n")).toHaveLength(2);
  });
});

describe("details", () => {
  it("align, leave out what is undefined, and neutralise", () => {
    const text = renderDetails(
      [["Name", "a\u001bb"], undefined, ["Headers", ["x: 1", "y: 2"]], ["State", "sent", "good"]],
      view(),
    );
    expect(plain(text)).toBe(
      ["Name     a\\x1bb", "Headers  x: 1", "         y: 2", "State    sent"].join("\n"),
    );
    expect(text).toContain("<good>sent</>");
  });
});

describe("a block", () => {
  it("is cut after so many lines and says how many are missing", () => {
    expect(renderBlock("a\nb\nc\n", "| ", 2)).toBe("| a\n| b\n| … 1 more line (--full shows all)");
    expect(renderBlock("a\nb\nc", "| ", 3)).toBe("| a\n| b\n| c");
  });
});
