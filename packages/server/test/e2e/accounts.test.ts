// A team's first day on the built program, with real mail: the first sign-up, the link of its mail,
// an invitation, and a password that is lost. The engine sends; nothing here waits by the clock.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Client, createClient, type TrigRunApi } from "@trigrun/contract";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { personPassword as password } from "../support/api.ts";
import { type Mailbox, openMailbox } from "../support/mailbox.ts";
import { createInstallation, type Installation } from "../support/program.ts";

const bin = fileURLToPath(new URL("../../bin/trigrun.js", import.meta.url));

let installation: Installation;
let mailbox: Mailbox;
let url: string;

beforeAll(async () => {
  mailbox = await openMailbox();
  installation = await createInstallation();
  const settings = {
    TRIGRUN_SMTP_URL: mailbox.url,
    TRIGRUN_SMTP_FROM: "TrigRun <cron@example.com>",
    TRIGRUN_SIGNUP: "invite",
    TRIGRUN_PUBLIC_URL: "https://cron.example.com",
  };
  url = await (await installation.start({ settings })).ready;
  // 120 s: the first run of a machine builds the programs and makes a database.
}, 120_000);

afterAll(async () => {
  await installation?.close();
  await mailbox?.close();
});

const toClient = (token?: string): Client<TrigRunApi> =>
  createClient({ baseUrl: url, fetch, ...(token === undefined ? {} : { token }) });

/** The secret of the link in the next mail to this address. */
async function takeSecret(to: string): Promise<string> {
  const find = () => mailbox.mails.find((each) => each.to === to);
  // The loop is woken when the request commits; ten seconds are a very slow machine.
  await vi.waitFor(() => expect(find()).toBeDefined(), { timeout: 10_000, interval: 20 });
  const found = find();
  if (found !== undefined) mailbox.mails.splice(mailbox.mails.indexOf(found), 1);
  return /#([\w-]{43})/.exec(found?.mail.text ?? "")?.[1] ?? "";
}

describe("a team's first day", () => {
  const email = "ada@example.com";
  let owner: Client<TrigRunApi>;

  it("begins with the first sign-up, which owns what the first start made", async () => {
    const body = { name: "Ada", email, password, workspace_name: "Acme" };
    const made = await toClient().signUp({ body });
    owner = toClient(made.token);
    expect(made).toMatchObject({ role: "owner", email_verification_required: true });
    const host = await installation.client();
    expect((await host.getMe()).workspace).toMatchObject({ id: made.workspace.id, name: "Acme" });
    await expect(owner.createToken({ body: { name: "early" } })).rejects.toMatchObject({
      code: "email_not_verified",
    });
    await toClient().verifyEmail({ body: { token: await takeSecret(email) } });
    expect((await owner.createToken({ body: { name: "deploy" } })).token).toMatch(/^cron_pat_/);
  });

  it("goes on with somebody who is invited", async () => {
    await owner.inviteMember({ body: { email: "grace@example.com", role: "admin" } });
    const token = await takeSecret("grace@example.com");
    const joined = await toClient().acceptInvitation({ body: { token, name: "Grace", password } });
    expect(joined).toMatchObject({ role: "admin", workspace: { name: "Acme" } });
    const { items } = await owner.listMembers();
    expect(items.map(({ user }) => user.name)).toEqual(["Grace", "Ada"]);
  });

  it("survives a lost password, by mail and by the host", async () => {
    await toClient().forgotPassword({ body: { email } });
    const token = await takeSecret(email);
    await toClient().resetPassword({ body: { token, password: "another four words" } });
    await expect(owner.getMe()).rejects.toMatchObject({ code: "unauthorized" });
    const argv = [bin, "account", "reset-link", email, "--data-dir", installation.dataDir];
    const { stdout } = await promisify(execFile)(process.execPath, argv);
    const secret = stdout.trim().split("#")[1] ?? "";
    const body = { token: secret, password: "and yet another four" };
    await toClient().resetPassword({ body });
    const back = await toClient().logIn({ body: { email, password: body.password } });
    expect(back.user.trust_level).toBe("verified");
  });
});
