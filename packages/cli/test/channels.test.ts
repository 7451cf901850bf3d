// `cronctl channels`: flags of the config, credentials off the command line, tests of a channel.
import { channelTypes } from "@trigrun/contract";
import { describe, expect, it } from "vitest";
import { aChannel, anExchange, before, idOf, onePage } from "./support/fixtures.ts";
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

  it("enable a channel and show why one is disabled", async () => {
    const disabled = aChannel({ disabled_at: before(5), disabled_reason: "It answered 410 Gone." });
    answer({ getChannel: () => disabled, enableChannel: () => ({ ...aChannel(), waited: 0 }) });
    expect((await type(`channels get ${id}`)).stdout).toContain("It answered 410 Gone.");
    expect((await type(`channels enable ${id}`)).stdout).toMatch(/State +enabled/);
  });
});
