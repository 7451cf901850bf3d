// Rules of rows that go to PostgreSQL as one array for each column.
import { describe, expect, it } from "vitest";
import { createRecordset } from "./recordset.ts";

const people = createRecordset("p", { name: "text", born_at: "timestamptz", height: "real" });

describe("a recordset", () => {
  it("is an unnest of one typed parameter for each column", () => {
    expect(people.text).toBe(
      "unnest($1::text[], $2::timestamptz[], $3::real[]) as p(name, born_at, height)",
    );
    expect(createRecordset("a", { id: "text" }, 3).text).toBe("unnest($3::text[]) as a(id)");
  });

  it("gives each column's values in the order of the rows, and NULL for what is left out", () => {
    const ada = { name: "Ada", born_at: new Date("1815-12-10T00:00:00Z"), height: 1.5 };
    expect(people.toValues([ada, { name: null }])).toEqual([
      '{"Ada",NULL}',
      "{1815-12-10T00:00:00.000Z,NULL}",
      "{1.5,NULL}",
    ]);
    expect(people.toValues([])).toEqual(["{}", "{}", "{}"]);
  });

  it("quotes every text, so that none is read as anything else", () => {
    const names = ['say "hi"', "back\\slash", "NULL", "", "{a,b}"].map((name) => ({ name }));
    expect(people.toValues(names)[0]).toBe('{"say \\"hi\\"","back\\\\slash","NULL","","{a,b}"}');
  });

  it("refuses a date that is none", () => {
    expect(() => people.toValues([{ born_at: new Date(Number.NaN) }])).toThrow(RangeError);
  });
});
