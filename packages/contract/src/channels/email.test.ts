// What is special to mail: addresses, headers, and two parts that say the same.
import { describe, expect, it } from "vitest";
import { hostileText, makeDigest, makeNotice, makeWarning } from "../../test/notices.ts";
import type { MailMessage, Notice } from "./channel.ts";
import { email } from "./email.ts";
import { summarize } from "./summarize.ts";

function render(notice: Notice, to: unknown = "team@example.com"): MailMessage {
  const message = email.render(notice, email.config.parse({ email: to }));
  if (message.kind !== "mail") throw new Error("an e-mail is a mail message");
  return message;
}

const parse = (value: unknown) => email.config.safeParse({ email: value });

describe("the addresses", () => {
  it.each([
    ["team@example.com", ["team@example.com"]],
    ["a@example.com, b@example.com", ["a@example.com", "b@example.com"]],
    ["a@example.com,,b@example.com,", ["a@example.com", "b@example.com"]],
    [
      ["a@example.com", " b@example.com "],
      ["a@example.com", "b@example.com"],
    ],
    ["Team@Example.COM,Team@example.com", ["Team@example.com"]],
    ["a.b+cron@mail.example.co.uk", ["a.b+cron@mail.example.co.uk"]],
    ["o'brien_{x}@example.com", ["o'brien_{x}@example.com"]],
    ["ops@büro.example", ["ops@büro.example"]],
    ["ops@例え.テスト", ["ops@例え.テスト"]],
    [`${"x".repeat(64)}@example.com`, [`${"x".repeat(64)}@example.com`]],
  ])("are stored as a list: %j", (value, expected) => {
    expect(parse(value).data).toEqual({ email: expected });
  });

  it.each([
    "[hidden protected]",
    "team",
    "@example.com",
    "team@",
    "team@example",
    "team@localhost",
    "a@b@example.com",
    "a b@example.com",
    '"a b"@example.com',
    ".a@example.com",
    "a..b@example.com",
    "a.@example.com",
    "a@-example.com",
    "a@example-.com",
    "a@example..com",
    "a@.example.com",
    "a@example.com.",
    "a@127.0.0.1",
    "a@[127.0.0.1]",
    "a@example.123",
    "a@exa_mple.com",
    "a@example.com/x",
    "a@example.com:25",
    "ä@example.com",
    "Team <team@example.com>",
    "a@example.com\r\nBcc: b@example.com",
    "a@example.com\u0000",
    "a@exam\u202eple.com",
    `${"x".repeat(65)}@example.com`,
    `a@${"x".repeat(64)}.com`,
    `a@${"x.".repeat(130)}com`,
    "",
    " , ",
    [],
    [""],
    [1],
    5,
    null,
    Array.from({ length: 21 }, (_, index) => `a${index}@example.com`),
    Array.from({ length: 21 }, (_, index) => `a${index}@example.com`).join(),
  ])("are refused when they are none: %j", (value) => {
    expect(parse(value).success).toBe(false);
  });

  it.each(["[email protected]", "[email\u00a0protected]"])(
    "may be what a web page shows in place of one: %j",
    (value) => {
      expect(parse(value).data).toEqual({ email: [value] });
    },
  );

  it("say which one is wrong", () => {
    expect(parse(["a@example.com", "b"]).error?.issues).toMatchObject([
      { path: ["email", 1], message: "must be an e-mail address, such as team@example.com" },
    ]);
    expect(parse(5).error?.issues).toMatchObject([
      { path: ["email"], message: "must be an e-mail address or a list of at most 20" },
    ]);
  });
});

describe("a mail", () => {
  it("goes to each address", () => {
    expect(render(makeNotice("failed"), "a@example.com,b@example.com").to).toEqual([
      "a@example.com",
      "b@example.com",
    ]);
  });

  it("stands in one conversation with the others of its job", () => {
    const [one, two] = [makeNotice("failed"), makeNotice("succeeded")].map(
      (notice) => render(notice).headers,
    );
    expect(one?.References).toMatch(/^<job_[0-9a-f]{32}@trigrun>$/);
    expect(one?.["In-Reply-To"]).toBe(one?.References);
    expect(two?.References).toBe(one?.References);
  });

  it("keeps digests and warnings in conversations of their own", () => {
    expect(render(makeDigest()).headers.References).toBe("<digests@trigrun>");
    expect(render(makeWarning()).headers.References).toMatch(/^<chan_[0-9a-f]{32}@trigrun>$/);
  });

  it.each([
    ["https://trigrun.example.com/executions/1", "trigrun.example.com"],
    ["https://cron.example.com:8443/e", "cron.example.com"],
    ["http://127.0.0.1:7400/e", "localhost"],
    ["http://[::1]/e", "localhost"],
    ["https://büro.example/e", "xn--bro-hoa.example"],
    ["", "localhost"],
  ])("names its job and the installation for filters: %s", (url, host) => {
    const list = render(makeNotice("failed", { url })).headers["List-Id"];
    expect(list).toMatch(new RegExp(`^<job_[0-9a-f]{32}\\.${host}>$`));
  });

  it("says how to end it", () => {
    const { text } = render(makeNotice("failed", { event: "on_failure" }));
    expect(text).toMatch(/remove the rule: cronctl rules list job_[0-9a-f]{32}\n$/);
  });

  it("calls itself automatic, so that nobody's absence note comes back", () => {
    expect(render(makeNotice("failed", { event: "on_failure" })).headers).toMatchObject({
      "Auto-Submitted": "auto-generated",
      "X-TrigRun-Event": "on_failure",
    });
  });

  it("has a subject of one line and at most 200 characters", () => {
    const { subject } = render(makeNotice("failed", { name: `a\r\nBcc: x${hostileText}` }));
    expect(subject).toMatch(/^Failed: a Bcc: x[^\r\n]*…$/);
    expect(subject.length).toBeLessThanOrEqual(200);
  });

  it("loads nothing from elsewhere and runs nothing", () => {
    const { html } = render(makeNotice("failed", { output: hostileText, name: hostileText }));
    expect(html).not.toMatch(/<(?:img|script|link|iframe|object|form)|\bsrc=|url\(|@import/i);
    expect(html.match(/<a /g)).toHaveLength(1);
    expect(html.match(/<h1/g)).toHaveLength(1);
  });

  it("closes every tag it opens, whatever stands between them", () => {
    const { html } = render(makeNotice("failed", { output: hostileText, name: hostileText }));
    const open: string[] = [];
    for (const [, slash, tag = ""] of html.matchAll(/<(\/?)([a-z0-9]+)[^>]*>/g)) {
      if (tag === "meta") continue;
      if (slash) expect(open.pop()).toBe(tag);
      else open.push(tag);
    }
    expect(open).toEqual([]);
  });

  it("says the same in its text part and in its HTML part", () => {
    const notice = makeNotice("failed", { output: "free: 0 bytes" });
    const { lead, title, link, output, facts } = summarize(notice);
    const { text, html } = render(notice);
    const said = [lead, title, link, output, ...facts.flatMap((fact) => Object.values(fact))];
    for (const part of said) {
      expect(text).toContain(part);
      expect(html).toContain(part);
    }
  });

  it("lists what a digest stands for, in both parts", () => {
    const { text, html } = render(makeDigest());
    for (const line of ["nightly-backup-1 failed 3 times", "import-prices-14 was cancelled"]) {
      expect(text).toContain(line);
      expect(html).toContain(line);
    }
  });

  it("reads from left to right, whatever a name begins with", () => {
    const { html } = render(makeNotice("failed", { name: "גיבוי" }));
    expect(html).toContain('<html lang="en" dir="ltr">');
    expect(html).not.toContain('dir="auto"');
  });

  it("reads well in the dark", () => {
    expect(render(makeNotice("failed")).html).toContain('name="color-scheme" content="light dark"');
  });
});
