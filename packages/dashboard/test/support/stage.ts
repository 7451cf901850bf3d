// A real Chromium in front of the built program on a database of its own. Whatever the page says on
// the console, breaks of its policy, throws or asks of another server fails the test at the end.
import { type Client, createClient, type TrigRunApi } from "@trigrun/contract";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { findChromium } from "../../../../tools/browser.ts";
import { createInstallation, type Installation } from "../../../server/test/support/program.ts";
import { type Receiver, startReceiver } from "../../../server/test/support/receiver.ts";

export interface Stage {
  readonly url: string;
  readonly installation: Installation;
  /** The API as the owner has it, for whatever a test does not do by hand. */
  readonly client: Client<TrigRunApi>;
  /** A target for jobs, and a receiver for channels. */
  readonly target: Receiver;
  /** A window of somebody else: nothing is shared with other windows. */
  open(options?: WindowOptions): Promise<Page>;
  /** Fails when any page complained. */
  close(): Promise<void>;
}

export interface WindowOptions {
  readonly width?: number;
  readonly height?: number;
  readonly theme?: "light" | "dark";
  /** Comes in by itself, with this token. */
  readonly token?: string;
  /** What the console may well say in it, where a test breaks something on purpose. */
  readonly expected?: RegExp;
}

/** The owner's token that `openStage` sets. */
export const ownerToken = "owner-token-of-the-browser-tests";

export async function openStage(): Promise<Stage> {
  const installation = await createInstallation();
  const target = await startReceiver();
  let browser: Browser | undefined;
  try {
    const settings = { TRIGRUN_BOOTSTRAP_TOKEN: ownerToken };
    const url = await (await installation.start({ settings })).ready;
    // As root Chromium needs it, and the pages are our own.
    const args = ["--no-sandbox", "--disable-gpu"];
    browser = await chromium.launch({ executablePath: findProgram(), args });
    return toStage({ installation, target, browser, url });
  } catch (error) {
    await browser?.close();
    await target.stop();
    await installation.close();
    throw error;
  }
}

/** Playwright asks for a path where a shell would look one up. */
function findProgram(): string {
  const name = findChromium();
  return name.includes("/") ? name : `/usr/bin/${name}`;
}

type Parts = Pick<Stage, "installation" | "target" | "url"> & { readonly browser: Browser };

function toStage({ installation, target, browser, url }: Parts): Stage {
  const complaints: string[] = [];
  return {
    ...{ url, installation, target },
    client: createClient({ baseUrl: url, token: ownerToken, fetch }),
    async open({ width = 1280, height = 800, theme = "light", token, expected } = {}) {
      const context = await browser.newContext({
        ...{ viewport: { width, height }, colorScheme: theme, baseURL: url },
        ...{ timezoneId: "Europe/Berlin", locale: "en-GB" },
      });
      if (token !== undefined) await comeIn(context, token);
      const page = await context.newPage();
      watch(page, url, (complaint) => {
        if (expected?.test(complaint) !== true) complaints.push(complaint);
      });
      return page;
    },
    async close() {
      await browser.close();
      await target.stop();
      await installation.close();
      if (complaints.length > 0) throw new Error(`Complaints:\n${complaints.join("\n")}`);
    },
  };
}

async function comeIn(context: BrowserContext, token: string): Promise<void> {
  await context.addInitScript((text) => sessionStorage.setItem("trigrun.token", text), token);
}

function watch(page: Page, url: string, complain: (complaint: string) => void): void {
  page.on("pageerror", (error) => complain(`thrown: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() !== "error" && message.type() !== "warning") return;
    // What the API refuses, the browser reports by itself; the pages show it.
    if (message.text().startsWith("Failed to load resource")) return;
    complain(`${message.type()}: ${message.text()}`);
  });
  page.on("request", (request) => {
    const address = request.url();
    if (!address.startsWith(`${url}/`) && !address.startsWith("data:")) {
      complain(`asked another server: ${address}`);
    }
  });
}
