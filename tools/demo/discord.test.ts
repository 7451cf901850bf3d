// The demo's Discord: it takes what Discord takes, refuses what Discord refuses, and keeps account.
import { channelTypes } from "@trigrun/contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeNotice } from "../../packages/contract/test/notices.ts";
import { type DiscordReceiver, startDiscord } from "./discord.ts";
import { createNarrator } from "./narrator.ts";

const json = { "content-type": "application/json" };
let said = "";
let discord: DiscordReceiver;

beforeEach(async () => {
  said = "";
  const write = (text: string) => {
    said += text;
  };
  discord = await startDiscord(
    "discord-alerts",
    createNarrator({ write }, () => 0),
  );
});
afterEach(() => discord.close());

async function post(body: string, init: RequestInit = {}, url = `${discord.url}?wait=true`) {
  const answer = await fetch(url, { method: "POST", headers: json, body, ...init });
  return { status: answer.status, text: await answer.text() };
}

describe("the Discord receiver", () => {
  it("takes a message of ours, shows its title and notes its event", async () => {
    const notice = makeNotice("succeeded", { event: "on_success", name: "a_*b*" });
    const message = channelTypes.discord.render(notice, { url: discord.url });
    if (message.kind !== "http") throw new Error("Discord is told by HTTP");
    const answer = await post(message.body, {}, message.url);
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toMatchObject({ id: expect.any(String) });
    expect(discord.ledger).toMatchObject({ accepted: ["on_success"], problems: [] });
    expect(said).toContain("Succeeded: a_*b*");
  });

  it.each([
    ["a title that is too long", { embeds: [{ title: "x".repeat(257) }] }, 50035],
    ["an empty message", {}, 50006],
    ["a field that Discord does not know", { content: "hello", blocks: [] }, 50035],
  ])("refuses %s with Discord's code and notes it as a problem", async (_what, body, code) => {
    const answer = await post(JSON.stringify(body));
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text)).toMatchObject({ code });
    expect(discord.ledger.accepted).toEqual([]);
    expect(discord.ledger.problems).toHaveLength(1);
    expect(said).toContain("refused");
  });

  it("answers 204 to whoever does not wait", async () => {
    expect(await post('{"content":"hello"}', {}, discord.url)).toEqual({ status: 204, text: "" });
  });

  it.each([
    ["another address", 404, (url: string) => post("{}", {}, `${url}x`)],
    ["another method", 405, (url: string) => post("{}", { method: "PUT" }, url)],
    [
      "another content type",
      400,
      (url: string) => post('{"content":"hello"}', { headers: {} }, url),
    ],
  ])("refuses %s", async (_what, status, send) => {
    expect((await send(discord.url)).status).toBe(status);
    expect(discord.ledger.problems).toHaveLength(1);
  });
});
