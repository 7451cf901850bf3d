// `cronctl channels`: flags of the config, credentials off the command line, tests of a channel.
import { channelTypes } from "@trigrun/contract";
import { describe, expect, it } from "vitest";
import {
  aChannel,
  aDelivery,
  aHealth,
  anExchange,
  aWeekOf,
  before,
  idOf,
  onePage,
} from "./support/fixtures.ts";
import { useServer } from "./support/suite.ts";

const suite = useServer();
const { run, type, answer } = suite;
const id = idOf("chan", 1);

describe("channels create", () => {
  it("makes a record of repeated flags", async () => {
    answer({ createChannel: () => aChannel() });
    const { exitCode, stderr } = await run([
      ...["channels", "create", "--name", "ops", "--type", "webhook"],
      ...["--url", "https://example.com/hook", "--secret", "whsec_your_signing_secret"],
      ...["--headers", "x-a: 1", "--headers", "x-b:2"],
    ]);
    expect(exitCode).toBe(0);
    expect(suite.server.seen[0]?.body).toEqual({
      name: "ops",
      type: "webhook",
      config: {
        url: "https://example.com/hook",
        secret: "whsec_your_signing_secret",
        headers: { "x-a": "1", "x-b": "2" },
      },
    });
    expect(stderr).toContain(`cronctl channels test ${id}`);
    expect(stderr).toContain(`cronctl rules add JOB --channel ${id} --event on_failure`);
  });

  it("takes the config from standard input, flags over it", async () => {
    answer({ createChannel: () => aChannel() });
    const create = "channels create --name ops --type webhook --config @- --secret two";
    await type(create, { input: '{"url":"https://example.com/hook","secret":"one"}' });
    expect(suite.server.seen[0]?.body).toMatchObject({
      config: { url: "https://example.com/hook", secret: "two" },
    });
  });

  it.each(Object.values(channelTypes))("knows the flags of $type", async ({ type: name }) => {
    const { stdout, exitCode } = await type("channels create --help");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(new RegExp(`^ {2}${name} +\\S`, "m"));
    expect(stdout).not.toContain("--webhook-url");
  });

  it.each([
    ["channels create --name a --type email --url https://e.com/", "takes no --url"],
    ["channels create --name a --type webhook", "needs --url"],
    ["channels create --name a --type pigeon --url https://e.com/", "webhook"],
    ["channels create --name a --type webhook --config [1]", "JSON object"],
    ["channels create --name a --type webhook --url https://a.com/ --url https://b.com/", "once"],
  ])("refuses `%s`", async (words, hint) => {
    const { exitCode, stderr } = await type(words);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(hint);
    expect(suite.server.seen).toEqual([]);
  });
});

describe("channels update", () => {
  it("sends the named fields and takes others away", async () => {
    answer({
      listChannels: () => onePage(aChannel()),
      getChannel: () => aChannel(),
      updateChannel: () => aChannel({ name: "new" }),
    });
    const { exitCode } = await type(
      "channels update ops --name new --url https://example.com/new --unset secret",
    );
    expect(exitCode).toBe(0);
    expect(suite.server.of("updateChannel")[0]).toMatchObject({
      params: { id },
      body: { name: "new", config: { url: "https://example.com/new", secret: null } },
    });
  });

  it("leaves the config alone when only the name changes", async () => {
    answer({ getChannel: () => aChannel(), updateChannel: () => aChannel({ name: "new" }) });
    await type(`channels update ${id} --name new`);
    expect(suite.server.of("updateChannel")[0]?.body).toEqual({ name: "new" });
  });
});

describe("pace and retries", () => {
  const create = "channels create --name a --type webhook --url https://example.com/hook";

  it.each([
    ["--max-per-minute 7.5", { pace: { max_per_minute: 7.5, burst: 1, overflow: "wait" } }],
    [
      "--max-per-minute 30 --burst 5 --overflow digest",
      { pace: { max_per_minute: 30, burst: 5, overflow: "digest" } },
    ],
    ["--no-pace", { pace: null }],
    ["--retry-schedule 5,30,120", { retry: { schedule_seconds: [5, 30, 120] } }],
    ["--retry-schedule 30s,5m,1h", { retry: { schedule_seconds: [30, 300, 3600] } }],
    ["--retry-schedule default", { retry: null }],
  ])("are set by `%s`", async (flags, settings) => {
    answer({ createChannel: () => aChannel() });
    expect((await type(`${create} ${flags}`)).exitCode).toBe(0);
    const config = { url: "https://example.com/hook" };
    expect(suite.server.seen[0]?.body).toEqual({ name: "a", type: "webhook", config, ...settings });
  });

  it("keep the parts of a pace that are not named", async () => {
    const pace = { max_per_minute: 30, burst: 5, overflow: "digest" as const };
    answer({ getChannel: () => aChannel({ pace }), updateChannel: () => aChannel({ pace }) });
    const { stdout } = await type(`channels update ${id} --burst 2`);
    const changed = { pace: { max_per_minute: 30, burst: 2, overflow: "digest" } };
    expect(suite.server.of("updateChannel")[0]?.body).toEqual(changed);
    expect(stdout).toMatch(/Pace +30 a minute, 5 at once; what comes faster is told in one digest/);
    expect(stdout).toMatch(/Retry +4 tries, with waits of 5 s, 30 s, 2 min between them/);
  });

  it.each([
    ["--burst 5", "--max-per-minute"],
    ["--no-pace --burst 5", "excludes"],
    ["--max-per-minute often", "must be a number"],
    ["--overflow drop", "digest, wait"],
    ["--retry-schedule soon", "5,30,120"],
  ])("are refused as `%s`", async (flags, hint) => {
    const { exitCode, stderr } = await type(`${create} ${flags}`);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(hint);
    expect(suite.server.seen).toEqual([]);
  });
});

describe("the health of channels", () => {
  const disabled = { disabled_at: before(60), disabled_reason: "It answered 410 Gone." };

  it("is in the list, by one more call", async () => {
    const channels = [aChannel(), aChannel({ id: idOf("chan", 2), name: "new" })];
    answer({
      listChannels: () => onePage(...channels),
      listChannelStatistics: () => aWeekOf(aHealth()),
    });
    const { stdout } = await type("channels list --state enabled");
    expect(suite.server.seen).toHaveLength(2);
    expect(suite.server.of("listChannels")[0]?.query).toEqual({ state: "enabled" });
    const [titles, ops, fresh] = stdout.split("\n");
    expect(titles).toMatch(
      /^NAME +TYPE +STATE +SENT +FAILED +WAITING +STREAK +LAST SENT +P50 +P95 +CONFIG +ID$/,
    );
    expect(ops).toMatch(
      /^ops +webhook +enabled +120 +7 +2 +3 failed +3 min ago +80 ms +2.1 s +url/,
    );
    expect(fresh).toMatch(/^new +webhook +enabled +- +- +- +- +- +- +- +url/);
  });

  it("is not asked for by programs, which get the API's page", async () => {
    answer({ listChannels: () => onePage(aChannel()) });
    const { stdout } = await type("channels list --json");
    expect(JSON.parse(stdout)).toEqual(onePage(aChannel()));
    expect(suite.server.seen).toHaveLength(1);
  });

  it("is told of one channel with what waits for it", async () => {
    const waiting = Array.from({ length: 7 }, (_, index) =>
      aDelivery({
        ...{ id: idOf("dlv", index), status: "pending", finished_at: null },
        reason: "The channel is disabled.",
      }),
    );
    answer({
      getChannel: () => aChannel(disabled),
      listChannelStatistics: () => aWeekOf(aHealth()),
      listDeliveries: () => onePage(...waiting),
    });
    const { stdout, stderr } = await type(`channels get ${id}`);
    expect(stdout).toContain("It answered 410 Gone.");
    expect(stdout).toMatch(/Latency +half within 80 ms, 95 % within 2.1 s/);
    expect(stdout).toMatch(/Streak +3 failed tries in a row since 2026-11-24 10:58:00/);
    expect(stdout).toContain("7 deliveries wait, the newest:\nJOB");
    expect(stdout).not.toContain(idOf("dlv", 5));
    expect(stderr).toContain(`cronctl channels enable ${id} --discard`);
    expect(suite.server.of("listDeliveries")[0]?.query).toMatchObject({
      channel_id: id,
      status: "pending",
    });
  });
});

describe("channels enable", () => {
  it("says how many waited and are sent", async () => {
    answer({ enableChannel: () => ({ ...aChannel(), waited: 12 }) });
    const { stdout, stderr } = await type(`channels enable ${id}`);
    expect(stdout).toContain("12 deliveries that waited are sent now, the newest first.");
    expect(stdout).toMatch(/State +enabled/);
    expect(stderr).toContain(`cronctl deliveries list --channel ${id}`);
    expect(suite.server.seen[0]?.body).toEqual({});
  });

  it("discards instead, after a yes", async () => {
    answer({ enableChannel: () => ({ ...aChannel(), waited: 1 }) });
    const words = `channels enable ${id} --discard`;
    expect((await type(words, { terminal: 80, input: "\n" })).exitCode).toBe(10);
    expect(suite.server.seen).toEqual([]);
    const { stdout } = await type(words, { terminal: 80, input: "y\n" });
    expect(stdout).toContain("1 delivery that waited was discarded.");
    expect(suite.server.seen[0]?.body).toEqual({ waiting: "discard" });
  });
});

describe("channels test", () => {
  it("shows the whole exchange and ends with 0 when it was accepted", async () => {
    const exchange = anExchange({ verdict: "sent", reason: "The receiver answered 200." });
    answer({ testChannel: () => exchange });
    const { exitCode, stdout } = await type(`channels test ${id} --event on_success`);
    expect(exitCode).toBe(0);
    expect(suite.server.seen[0]?.body).toEqual({ event: "on_success" });
    expect(stdout).toContain("> POST https://example.com/hook");
    expect(stdout).toContain(`> webhook-id: ${idOf("dlv", 1)}`);
    expect(stdout).toContain('> {"type":"execution.failed"}');
    expect(stdout).toContain("< try later");
  });

  it("ends with 8 when it was not", async () => {
    answer({ testChannel: () => anExchange() });
    const { exitCode, stdout } = await type(`channels test ${id} --execution ${idOf("exec", 1)}`);
    expect(exitCode).toBe(8);
    expect(stdout).toMatch(/^Not delivered/);
    expect(suite.server.seen[0]?.body).toEqual({ execution_id: idOf("exec", 1) });
  });
});

describe("the other commands", () => {
  it("print a rotated secret alone, for scripts", async () => {
    const rotated = { secret: "whsec_new", previous_secret_expires_at: before(-86_400) };
    answer({ rotateChannelSecret: () => rotated });
    const { stdout, stderr } = await type(`channels rotate-secret ${id}`);
    expect(stdout).toBe("whsec_new\n");
    expect(stderr).toContain("2026-11-25 11:00:00 Europe/Berlin");
  });

  it("rotate to a secret from standard input", async () => {
    const rotated = { secret: "mine", previous_secret_expires_at: null };
    answer({ rotateChannelSecret: () => rotated });
    await type(`channels rotate-secret ${id} --secret @-`, { input: "mine\n" });
    expect(suite.server.seen[0]?.body).toEqual({ secret: "mine" });
  });
});

describe("channels preview", () => {
  it("shows the request of a channel, sending nothing", async () => {
    answer({
      previewChannel: () => ({
        ...{ kind: "http", method: "POST", url: "https://example.com/hook" },
        ...{ headers: { "content-type": "application/json" }, body: '{"a":1}' },
      }),
    });
    const execution = idOf("exec", 1);
    const { stdout } = await type(`channels preview ${id} --execution ${execution}`);
    expect(suite.server.of("previewChannel")[0]?.body).toEqual({ execution_id: execution });
    expect(stdout).toContain("> POST https://example.com/hook");
    expect(stdout).toContain('> {"a":1}');
  });

  it("shows the mail of a channel that is to be", async () => {
    answer({
      previewMessage: () => ({
        ...{ kind: "mail", to: ["a@example.com"], subject: "It failed" },
        ...{ text: "Hello.", html: "<p>Hello.</p>" },
      }),
    });
    const { stdout } = await type(
      "channels preview --type email --email a@example.com --event on_success",
    );
    expect(suite.server.of("previewMessage")[0]?.body).toEqual({
      ...{ type: "email", event: "on_success" },
      config: { email: "a@example.com" },
    });
    expect(stdout).toMatch(/^Subject +It failed$/m);
    expect(stdout).toContain("Hello.");
    expect(stdout).not.toContain("<p>");
  });

  it.each([
    ["channels preview", "--type"],
    [`channels preview ${id} --type webhook`, "leave out --type"],
    ["channels preview --type email --execution exec_1", "a channel that is there"],
  ])("refuses `%s`", async (line, reason) => {
    const { exitCode, stderr } = await type(line);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(reason);
  });
});
