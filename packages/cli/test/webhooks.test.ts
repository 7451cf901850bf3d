// `cronctl webhooks` on real files, its signatures against the published library.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toKey } from "../src/webhook-signature.ts";
import { makeHome, runInTest } from "./support/cronctl.ts";
import { now } from "./support/fixtures.ts";

const encoded = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const plain = "whsec_your_signing_secret";
const body = '{"type":"execution.failed","data":{"text":"ä€😀"}}';

let folder: ReturnType<typeof makeHome>;
beforeAll(() => {
  folder = makeHome();
});
afterAll(() => folder.remove());

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder.path, name);
  writeFileSync(path, content);
  return path;
}

/** Signed by the published library, not by us. */
function signed(secret: string, at = now, id = "dlv_1") {
  const webhook = new Webhook(toKey(secret).toString("base64"));
  return {
    "webhook-id": id,
    "webhook-timestamp": String(at.getTime() / 1000),
    "webhook-signature": webhook.sign(id, at, body),
  };
}

type Headers = Readonly<Record<string, string | string[]>>;

async function verify(headers: Headers, payload: string | Uint8Array, ...flags: string[]) {
  const secret = flags.includes("--secret") ? [] : ["--secret", encoded];
  const paths = ["--headers", file("headers", JSON.stringify(headers)), file("body", payload)];
  return runInTest(["webhooks", "verify", ...secret, ...flags, ...paths]);
}

const later = (seconds: number) => new Date(now.getTime() + seconds * 1000);

describe("webhooks verify", () => {
  it.each([encoded, plain])("accepts what the published library signed with %s", async (secret) => {
    const outcome = await verify(signed(secret), body, "--secret", secret);
    expect(outcome).toMatchObject({ exitCode: 0, stderr: "" });
    expect(outcome.stdout).toMatch(/^Signature +✓ verified\n/);
  });

  it("accepts any of several signatures, and skips other versions", async () => {
    const { "webhook-signature": right, ...rest } = signed(encoded);
    const wrong = signed(plain)["webhook-signature"];
    const header = (text: string) => ({ ...rest, "webhook-signature": text });
    expect((await verify(header(`${wrong} ${right}`), body)).exitCode).toBe(0);
    expect((await verify(header(`v1a,abc= ${right}`), body)).exitCode).toBe(0);
    const none = await verify(header(`${wrong} ${wrong}`), body);
    expect(none.exitCode).toBe(8);
    expect(none.stdout).toContain("None of the 2 signatures matches.");
    const otherVersion = await verify(header(right.replace("v1,", "v1a,")), body);
    expect(otherVersion.exitCode).toBe(8);
    expect(otherVersion.stdout).toContain("no signature of version 1");
  });

  it.each([
    ["a line break was added", `${body}\n`, /line break at its end that was not signed/],
    ["it was formatted", JSON.stringify(JSON.parse(body), null, 2), /formatted anew/],
    ["it was altered", body.replace("failed", "succeeded"), /raw bytes, before any JSON/],
  ])("refuses a body when %s, and says so", async (_, changed, said) => {
    const { exitCode, stdout } = await verify(signed(encoded), changed);
    expect(exitCode).toBe(8);
    expect(stdout).toMatch(/✗ The signature does not match\./);
    expect(stdout).toMatch(said);
  });

  it("verifies bytes that are no UTF-8", async () => {
    const bytes = new Uint8Array([0xff, 0x00, 0xfe]);
    const headers = await runInTest([
      "webhooks",
      "sign",
      "--json",
      "--secret",
      plain,
      file("bytes", bytes),
    ]);
    const outcome = await verify(JSON.parse(headers.stdout), bytes, "--secret", plain);
    expect(outcome.exitCode).toBe(0);
    const other = new Uint8Array([0xfd, 0x00, 0xfe]);
    expect((await verify(JSON.parse(headers.stdout), other, "--secret", plain)).exitCode).toBe(8);
  });

  it("refuses another id, another secret, and names a secret that is nearly right", async () => {
    expect((await verify({ ...signed(encoded), "webhook-id": "dlv_2" }, body)).exitCode).toBe(8);
    expect((await verify(signed(plain), body)).stdout).toContain("The secret is another one");
    const quoted = await verify(signed(encoded), body, "--secret", `"${encoded}"`);
    expect(quoted.stdout).toContain("quotation marks");
    const short = await verify(signed(encoded), body, "--secret", encoded.slice(6));
    expect(short.stdout).toContain("`whsec_` is missing");
    expect(short.exitCode).toBe(8);
  });

  it("refuses a timestamp outside of the tolerance, and says by how much", async () => {
    expect((await verify(signed(encoded, later(-300)), body)).exitCode).toBe(0);
    const old = await verify(signed(encoded, later(-301)), body);
    expect(old.exitCode).toBe(8);
    expect(old.stdout).toContain("too old: it is from 5 min 1 s ago; 5 min are allowed");
    const ahead = await verify(signed(encoded, later(3600)), body);
    expect(ahead.exitCode).toBe(8);
    expect(ahead.stdout).toContain("too new: it is 1 h ahead");
    const hour = signed(encoded, later(-3600));
    expect((await verify(hour, body, "--tolerance", "1h")).exitCode).toBe(0);
    expect((await verify(hour, body, "--tolerance", "59m")).exitCode).toBe(8);
    expect((await verify(hour, body, "--any-age")).exitCode).toBe(0);
  });

  it.each([
    ["webhook-timestamp", "soon", "not a whole number of seconds"],
    ["webhook-timestamp", "1764000000000", "in milliseconds"],
    ["webhook-signature", "v1,abc=", "was it cut off?"],
    ["webhook-signature", "", "Missing: webhook-signature."],
    ["webhook-id", "", "Missing: webhook-id."],
  ])("names a wrong %s: %s", async (name, value, said) => {
    const { exitCode, stdout } = await verify({ ...signed(encoded), [name]: value }, body);
    expect(exitCode).toBe(8);
    expect(stdout).toContain(said);
  });

  it("reads headers as lines with marks, and the payload from standard input", async () => {
    const lines = Object.entries(signed(encoded)).map(([name, value]) => `> ${name}: ${value}`);
    const headers = file("lines", `> POST /hook\r\n${lines.join("\r\n").toUpperCase()}`);
    const flags = ["webhooks", "verify", "--secret-file", file("secret", `${encoded}\n`)];
    // In upper case the values are other values: only the names may be written anyhow.
    expect((await runInTest([...flags, "--headers", headers], { input: body })).exitCode).toBe(8);
    const right = file("lines", `> POST /hook\r\n${lines.join("\r\n")}\r\n>\r\n`);
    expect((await runInTest([...flags, "--headers", right], { input: body })).exitCode).toBe(0);
    expect((await runInTest([...flags, "--headers", right, "-"], { input: body })).exitCode).toBe(
      0,
    );
  });

  it("answers programs in JSON", async () => {
    const { stdout } = await verify(signed(plain, later(-600)), body, "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      verified: false,
      webhook_id: "dlv_1",
      signed_at: "2026-11-24T09:50:00.000Z",
      faults: [{ code: "signature_mismatch" }, { code: "timestamp_too_old" }],
    });
  });

  it("shows hostile header text escaped", async () => {
    const id = "x\u001b[2J\u202e";
    const { stdout } = await verify({ ...signed(encoded), "webhook-id": id }, body);
    expect(stdout).toContain("x\\x1b[2J\\u{202e}");
    expect(stdout).not.toContain("\u001b");
  });

  it.each([
    ["no secret", ["--id", "a", "--timestamp", "1", "--signature", "v1,x"]],
    ["two secrets", ["--secret", "a", "--secret-file", "b", "--headers", "c"]],
    ["no headers", ["--secret", "a", "--id", "x"]],
    ["a missing file", ["--secret", "a", "--headers", "/nowhere/headers"]],
    ["a strange tolerance", ["--secret", "a", "--tolerance", "soon", "--headers", "c"]],
  ])("is used wrongly with %s", async (_, flags) => {
    const { exitCode, stdout } = await runInTest(["webhooks", "verify", ...flags]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
  });
});

describe("webhooks sign", () => {
  it.each([encoded, plain])(
    "signs so that the published library accepts it: %s",
    async (secret) => {
      const path = file("body", body);
      // The library knows the real time only.
      const { stdout } = await runInTest(["webhooks", "sign", "--secret", secret, path], {
        now: () => new Date(),
      });
      const headers = Object.fromEntries(
        stdout
          .trimEnd()
          .split("\n")
          .map((line) => line.split(": ")),
      );
      const webhook = new Webhook(toKey(secret).toString("base64"));
      expect(webhook.verify(body, headers)).toEqual(JSON.parse(body));
      expect(() => webhook.verify(`${body} `, headers)).toThrow();
    },
  );

  it("takes an id and a timestamp", async () => {
    const flags = ["--secret", encoded, "--id", "dlv_1", "--timestamp"];
    const timestamp = String(now.getTime() / 1000);
    const { stdout } = await runInTest([
      "webhooks",
      "sign",
      "--json",
      ...flags,
      timestamp,
      file("body", body),
    ]);
    expect(JSON.parse(stdout)).toEqual(signed(encoded));
    const wrong = await runInTest(["webhooks", "sign", ...flags, "now", file("body", body)]);
    expect(wrong.exitCode).toBe(2);
  });
});
