// The conformance suite: what every channel type must do, over every type of the registry. A new
// type is tested by being in it; `npm run generate` writes its golden messages, for review.
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { toReviewable } from "../../test/golden.ts";
import {
  cases,
  executionCases,
  hostileNotices,
  hostileText,
  makeDigest,
  makeNotice,
  makeWarning,
} from "../../test/notices.ts";
import type { AnyChannelType, Message, Notice } from "./channel.ts";
import { channelTypeNames, channelTypes, type Reply } from "./index.ts";

const types: readonly AnyChannelType[] = Object.values(channelTypes);
const rows = types.map((type) => ({ name: type.type, type }));

const configOf = (type: AnyChannelType) => type.config.parse(type.example);
const renderExample = (type: AnyChannelType, notice: Notice) => type.render(notice, configOf(type));

/** All texts in a JSON value, keys left out. */
function textsOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(textsOf);
}

/** True for a type that hands over the event itself: data for a program, with nothing to render. */
function isMachineMessage(message: Message, { event }: Notice): boolean {
  return message.kind === "http" && message.body === JSON.stringify(event);
}

/** The texts that a medium reads its markup in, and those it shows as they are. */
function partsOf(message: Message): { markup: string[]; plain: string[] } {
  if (message.kind === "http") return { markup: textsOf(JSON.parse(message.body)), plain: [] };
  const headers = Object.values(message.headers);
  return { markup: [message.html], plain: [message.subject, message.text, ...headers] };
}

const spokenOf = (message: Message): string => {
  const { markup, plain } = partsOf(message);
  return [...markup, ...plain].join("\n");
};

/** The last word of each text of a credential: what must never be shown. */
function tokensOf(value: unknown): string[] {
  return textsOf(value).map((text) => text.split(/[^\w-]+/).findLast(Boolean) ?? "");
}

function credentialsOf(type: AnyChannelType): { key: string; value: unknown }[] {
  const config = configOf(type);
  return type.secrets
    .filter((key) => config[key] !== undefined)
    .map((key) => ({ key, value: config[key] }));
}

/**
 * The message without the place that is a credential's own: a field at the top of the JSON that is
 * it and nothing else, or a header that is it, with a scheme before it or not.
 */
function withoutOwnPlace(message: Message, credential: unknown): unknown {
  if (message.kind === "mail") return message;
  const isOwn = (text: unknown) => text === credential;
  const fields = Object.entries(JSON.parse(message.body)).filter(([, value]) => !isOwn(value));
  const headers = Object.values(message.headers).filter((value) => !isOwn(value.split(" ").at(-1)));
  return { ...message, url: null, headers, body: fields };
}

interface Vendor {
  answer(request: { url: string; body: string }): Reply;
}

/** The rules of the service itself, where `test/vendor` has them. */
async function loadVendor(type: AnyChannelType): Promise<Vendor | null> {
  const name = type.type.replaceAll("_", "-");
  const file = new URL(`../../test/vendor/${name}.ts`, import.meta.url);
  if (!existsSync(file)) return null;
  // Every file of that folder answers requests; the next line would fail for one that does not.
  const vendor = (await import(/* @vite-ignore */ file.pathname)) as Vendor;
  expect(vendor.answer).toBeTypeOf("function");
  return vendor;
}

describe("the registry", () => {
  it("names each type by its word on the wire", () => {
    expect(types.map(({ type }) => type)).toEqual(channelTypeNames);
  });

  it("holds the types of the product", () => {
    expect(channelTypeNames).toEqual(
      expect.arrayContaining(["webhook", "email", "slack", "discord"]),
    );
  });
});

describe.each(rows)("the config of $name", ({ type }) => {
  it("accepts its own example, and what it made of it", () => {
    const config = configOf(type);
    expect(type.config.parse(config)).toEqual(config);
  });

  it("refuses an unknown field by name", () => {
    const result = type.config.safeParse({ ...type.example, urll: "https://a.example" });
    expect(result.error?.issues[0]).toMatchObject({ code: "unrecognized_keys", keys: ["urll"] });
  });

  it("refuses the config of every other type", () => {
    for (const other of types.filter((candidate) => candidate !== type)) {
      expect(type.config.safeParse(other.example).success, other.type).toBe(false);
    }
  });

  it("refuses what is no config", () => {
    for (const value of [{}, null, "https://a.example", []]) {
      expect(type.config.safeParse(value).success).toBe(false);
    }
  });

  it("lists its fields, each with a description, for flags, forms and documents", () => {
    const json = z.toJSONSchema(type.config, { io: "input", unrepresentable: "any" });
    expect(json).toMatchObject({ type: "object", additionalProperties: false });
    expect(Object.keys(json.properties ?? {})).toEqual(Object.keys(type.shape));
    for (const property of Object.values(json.properties ?? {})) {
      expect(property).toMatchObject({ description: expect.stringMatching(/\S/) });
    }
    expect(Object.keys(type.shape)).toEqual(expect.arrayContaining(Object.keys(type.example)));
  });

  it("names only its own fields as credentials", () => {
    expect(Object.keys(type.shape)).toEqual(expect.arrayContaining([...type.secrets]));
    if (type.signingSecret) expect(type.secrets).toContain(type.signingSecret);
  });

  it("masks every credential so that nothing of it is left", () => {
    for (const { key, value } of credentialsOf(type)) {
      const masked = JSON.stringify(type.mask(key, value));
      expect(masked).toMatch(/[…•]/);
      for (const token of tokensOf(value)) expect(masked).not.toContain(token);
    }
  });

  it("takes each alias for the field it stands for, but not both", () => {
    for (const [alias, field] of Object.entries(type.shape)) {
      const target = field.meta()?.alias_of;
      if (typeof target !== "string") continue;
      const { [target]: value, ...others } = type.example;
      expect(type.config.parse({ ...others, [alias]: value })).toEqual(configOf(type));
      expect(type.config.safeParse({ ...type.example, [alias]: value }).success).toBe(false);
      expect(type.config.safeParse(others).success).toBe(false);
      expect(type.renameAliases({ [alias]: value })).toEqual({ [target]: value });
    }
    expect(type.renameAliases(configOf(type))).toEqual(configOf(type));
  });
});

describe.each(rows)("the messages of $name", ({ type }) => {
  it.each(cases)("are the golden ones: $name", ({ name, notice }) => {
    expect(toReviewable(type, notice)).toEqual(readGolden(type)[name]);
  });

  it("have no golden one too many", () => {
    expect(Object.keys(readGolden(type))).toEqual(cases.map(({ name }) => name));
  });

  it.each(executionCases)("say what happened: $name", ({ notice }) => {
    const message = renderExample(type, notice);
    const { execution, job, next_run_at, url } = notice.event.data;
    const spoken = spokenOf(message);
    for (const fact of [execution.status, job.name, url]) expect(spoken).toContain(fact);
    if (isMachineMessage(message, notice)) return;
    expect(spoken).toContain("2026-11-23 10:00:00 UTC");
    expect(spoken).toContain(next_run_at === null ? "none planned" : "2026-11-24 10:00:00 UTC");
    expect(spoken.includes("HTTP 503")).toBe(execution.status === "failed");
    expect(spoken.includes("[Test]")).toBe(notice.isTest);
    expect(spoken.includes('maintenance"') || spoken.includes("maintenance&quot;")).toBe(
      notice.output !== null,
    );
  });

  it("say which notifications a digest stands for, failures first", () => {
    const notice = makeDigest();
    const message = renderExample(type, notice);
    const spoken = spokenOf(message);
    expect(spoken).toContain(notice.event.data.url);
    if (isMachineMessage(message, notice)) return;
    for (const fact of ["42", "14 failed", "nightly-backup-13 failed 2 times, last at 10:00:46"]) {
      expect(spoken).toContain(fact);
    }
    const [failure, success] = ["nightly-backup-13 failed", "sync-orders-0 succeeded"].map(
      (words) => spoken.indexOf(words),
    );
    expect(failure).toBeLessThan(success ?? 0);
  });

  it("say which channel was disabled, why, and what waits", () => {
    const notice = makeWarning();
    const message = renderExample(type, notice);
    const { channel, reason, url } = notice.event.data;
    const spoken = spokenOf(message);
    for (const fact of [channel.name, reason, url]) expect(spoken).toContain(fact);
    if (isMachineMessage(message, notice)) return;
    for (const fact of ["12 notifications", "2026-11-23 10:00:00 UTC"]) {
      expect(spoken).toContain(fact);
    }
  });

  it("hold no credential but where it must be: in the address, or alone in its own place", () => {
    for (const { notice } of cases) {
      const message = renderExample(type, notice);
      for (const { value } of credentialsOf(type)) {
        const shown = JSON.stringify(withoutOwnPlace(message, value));
        for (const token of tokensOf(value)) expect(shown).not.toContain(token);
      }
    }
  });

  it("let nothing foreign act", () => {
    for (const notice of hostileNotices) {
      const message = renderExample(type, notice);
      if (isMachineMessage(message, notice)) continue;
      expectInert(message);
    }
  });

  it("stay inside the limits of the service, whatever they are made from", async () => {
    const vendor = await loadVendor(type);
    for (const notice of [...cases.map((one) => one.notice), ...hostileNotices]) {
      const message = renderExample(type, notice);
      if (message.kind === "mail") {
        expect(message.subject.length).toBeLessThanOrEqual(200);
        // Gmail hides what comes after 102 kB.
        expect(Buffer.byteLength(message.html)).toBeLessThan(102_000);
        continue;
      }
      expect(() => JSON.parse(message.body)).not.toThrow();
      if (vendor === null) continue;
      const reply = vendor.answer(message);
      expect(reply).toMatchObject({ statusCode: expect.toSatisfy((code) => code < 300) });
      expect(type.judge(reply).verdict).toBe("sent");
    }
  });

  it("are the same for the same notice", () => {
    const notice = makeNotice("failed", { output: hostileText });
    expect(renderExample(type, notice)).toEqual(renderExample(type, notice));
  });
});

describe.each(rows)("the verdict of $name", ({ type }) => {
  const judge = (statusCode: number, headers = {}, body = '{"ok":true}') =>
    type.judge({ statusCode, headers, body });

  it("takes 2xx for sent", () => {
    expect(judge(200).verdict).toBe("sent");
  });

  it("tries again on 429 and 503, as late as it is asked to", () => {
    for (const statusCode of [429, 503]) {
      const verdict = judge(statusCode, { "retry-after": "7" }, "");
      expect(verdict).toMatchObject({ verdict: "retry", retryAfterSeconds: 7 });
    }
  });

  it("tries again on every fault of the receiver", () => {
    for (const statusCode of [500, 502, 504, 301, 408]) {
      expect(judge(statusCode, {}, "<html>Bad gateway</html>").verdict).toBe("retry");
    }
  });

  it("takes 410 for the end of the channel", () => {
    expect(judge(410, {}, "gone")).toMatchObject({ verdict: "permanent", isGone: true });
  });

  it("gives a reason in one printable line, whatever the receiver says", () => {
    const body = hostileText.repeat(100);
    for (const statusCode of [200, 301, 400, 401, 403, 404, 410, 418, 429, 500]) {
      for (const text of [body, JSON.stringify({ error: body, message: body, ok: false })]) {
        const { reason } = judge(statusCode, {}, text);
        expect(reason).toMatch(/^[A-Z]\P{Cc}{5,399}$/u);
      }
    }
  });
});

function expectInert(message: Message): void {
  const { markup, plain } = partsOf(message);
  for (const text of [...markup, ...plain]) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are the point.
    expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
    expect(text).not.toMatch(/[\u202a-\u202e\u2066-\u2069]|\p{Surrogate}/u);
    expect(text).not.toMatch(/@(?:everyone|here\b|channel\b|all\b)/);
    expect(text.match(/```/g)?.length ?? 0).toBeLessThanOrEqual(2);
  }
  for (const text of markup) {
    // A backslash or a block of code is how some media take the meaning from a sign.
    const outsideCode = text.replace(/```[\s\S]*?```/g, "");
    expect(outsideCode).not.toMatch(
      /(?<!\\)(?:<!channel|<@|<#|<script|<b>|<h1>body|<https:\/\/evil)/,
    );
  }
  if (message.kind !== "mail") return;
  expect(message.html).not.toMatch(/"\s+onmouseover/);
  for (const line of [message.subject, ...message.to, ...Object.values(message.headers)]) {
    expect(line).not.toMatch(/[\r\n]/);
  }
}

function readGolden(type: AnyChannelType): Record<string, unknown> {
  const file = new URL(`./golden/${type.type}.json`, import.meta.url);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
}
