// References to secrets: where they are found, what they become, and when nothing may be sent.
import type { JobRequest } from "@trigrun/contract";
import { describe, expect, it } from "vitest";
import { fillSecrets, findSecretNames, warnOfMissing } from "./secret.ts";

function request(part: Partial<JobRequest>): JobRequest {
  return {
    url: "https://api.example.com/?key=secret://url",
    method: "POST",
    headers: {},
    body: null,
    timeout_seconds: 30,
    success_statuses: [200],
    follow_redirects: false,
    ...part,
  };
}

const opened = {
  values: new Map([
    ["key", "v-key"],
    ["key-2", "v-two"],
    ["nested", "a secret://key in a value"],
  ]),
  unreadable: new Set(["broken"]),
};

function fill(part: Partial<JobRequest>) {
  return fillSecrets(request(part), opened);
}

describe("findSecretNames", () => {
  it("finds each name once, in header values and in the strings of any body", () => {
    const headers = { authorization: "Bearer secret://key", "x-both": "secret://a secret://key." };
    const body = {
      "secret://a-key-of-json": ["secret://b", { deep: "x=secret://c&y=secret://d" }],
    };
    expect(findSecretNames(request({ headers, body }))).toEqual(["key", "a", "b", "c", "d"]);
    expect(findSecretNames(request({ body: "text secret://E_1-x!" }))).toEqual(["E_1-x"]);
  });

  it("finds none in the URL, and none that could be no secret", () => {
    const body = [
      "secret://",
      "SECRET://key",
      "secret:/key",
      `secret://${"x".repeat(101)}`,
      7,
      null,
    ];
    expect(findSecretNames(request({ body }))).toEqual([]);
  });
});

describe("fillSecrets", () => {
  it("fills in a whole value and parts of one", () => {
    const headers = { a: "secret://key", b: "Bearer secret://key-2, secret://key" };
    const filled = fill({ headers, body: ["secret://key", { n: "<secret://key-2>" }, 1, null] });
    expect(filled).toMatchObject({
      kind: "filled",
      request: {
        url: "https://api.example.com/?key=secret://url",
        headers: { a: "v-key", b: "Bearer v-two, v-key" },
        body: ["v-key", { n: "<v-two>" }, 1, null],
      },
      secretHeaders: ["a", "b"],
      warnings: [],
    });
    expect([...filled.masks]).toEqual([
      ["v-key", "secret://key"],
      ["v-two", "secret://key-2"],
    ]);
  });

  it("reads a name to its end: key-3 is not key", () => {
    const filled = fill({ body: "secret://key-3 secret://keys secret://key.3" });
    expect(filled).toMatchObject({ request: { body: "secret://key-3 secret://keys v-key.3" } });
  });

  it("sends an unknown name as it is written and warns of it once", () => {
    const filled = fill({ headers: { "X-A": "secret://gone" }, body: "secret://gone" });
    expect(filled).toMatchObject({
      kind: "filled",
      request: { headers: { "X-A": "secret://gone" }, body: "secret://gone" },
      secretHeaders: [],
      warnings: ['There is no secret "gone": "secret://gone" was sent as it is written.'],
    });
  });

  it("bounds the warnings, and the names in them", () => {
    const names = Array.from({ length: 12 }, (_, index) => `secret://gone-${index}`);
    const { warnings } = fill({ body: [`secret://${"x".repeat(5_000)}`, ...names] });
    expect(warnings).toHaveLength(11);
    expect(warnings.at(-1)).toBe("3 more references name no secret.");
    expect(warnings[0]?.length).toBeLessThan(300);
  });

  it("does not read references in a value", () => {
    expect(fill({ body: "secret://nested" })).toMatchObject({
      request: { body: "a secret://key in a value" },
    });
  });

  it("keeps a body's own keys, also __proto__", () => {
    const body: unknown = JSON.parse('{"__proto__":"secret://key","b":{"__proto__":[]}}');
    const filled = fill({ body });
    expect(filled.kind === "filled" && JSON.stringify(filled.request.body)).toBe(
      '{"__proto__":"v-key","b":{"__proto__":[]}}',
    );
  });

  it("sends nothing when a secret cannot be read", () => {
    const filled = fill({ headers: { a: "secret://broken" } });
    expect(filled).toMatchObject({ kind: "unsendable", errorClass: "secret_unreadable" });
  });

  it.each(["two\nlines", "snow ☃", "bell \u0007"])(
    "puts %j into a body, never a header",
    (value) => {
      const values = new Map([["odd", value]]);
      const of = (part: Partial<JobRequest>) => fillSecrets(request(part), { ...opened, values });
      expect(of({ body: "secret://odd" })).toMatchObject({ request: { body: value } });
      const filled = of({ headers: { "x-odd": "secret://odd" } });
      expect(filled).toMatchObject({ kind: "unsendable", errorClass: "invalid_request" });
      expect(JSON.stringify(filled)).not.toContain(JSON.stringify(value).slice(1, -1));
    },
  );

  it("does not let references blow up a request", () => {
    const values = new Map([["big", "x".repeat(32_768)]]);
    const body = "secret://big ".repeat(20_000);
    expect(fillSecrets(request({ body }), { ...opened, values })).toMatchObject({
      kind: "unsendable",
      errorClass: "invalid_request",
    });
  });
});

describe("warnOfMissing", () => {
  it("says what will be sent", () => {
    expect(warnOfMissing(["a"])).toEqual([
      'There is no secret "a": "secret://a" is sent as it is written.',
    ]);
  });
});
