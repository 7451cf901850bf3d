// A Chromium without a window, spoken to over two pipes in its DevTools protocol. It takes pictures
// of pages that it is handed; it never opens an address.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";

export interface View {
  /** In CSS pixels. The picture is as high as the page. */
  readonly width: number;
  readonly scheme: "light" | "dark";
}

export interface Browser {
  /** A PNG of the whole page. */
  picture(html: string, view: View): Promise<Buffer>;
  close(): Promise<void>;
}

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** What `CHROMIUM` names, else what PATH has. Throws a sentence where there is none. */
export function findChromium(): string {
  const wished = process.env.CHROMIUM;
  const candidates = wished === undefined || wished === "" ? names : [wished];
  const found = candidates.find((name) => spawnSync(name, ["--version"]).status === 0);
  if (found !== undefined) return found;
  throw new Error(
    wished === undefined || wished === ""
      ? `No Chromium in PATH (${names.join(", ")}). Install one (Debian: apt-get install ` +
          "chromium), or set CHROMIUM to its path."
      : `CHROMIUM is set to ${wished}, which does not run.`,
  );
}

// As root Chromium needs it, and the pages are our own.
const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--hide-scrollbars",
  "--no-first-run",
  "--remote-debugging-pipe",
];

// A page of one mail takes a second; a machine that is busy, some more.
const answerTimeoutMs = 30_000;

export function openBrowser(program: string): Browser {
  const profile = mkdtempSync(join(tmpdir(), "pictures-"));
  const child = spawn(program, [...flags, `--user-data-dir=${profile}`, "about:blank"], {
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
  });
  const send = speak(child);
  const isGone = new Promise<void>((resolve) => child.once("close", () => resolve()));
  return {
    picture: (html, view) => takePicture(send, html, view),
    async close() {
      // Asked to, it ends its helpers first; killed, it would leave them writing to the profile.
      await send("Browser.close").catch(() => child.kill());
      await isGone;
      rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}

type Result = Readonly<Record<string, unknown>>;
type Send = (method: string, parameters?: object, session?: string) => Promise<Result>;

/** Requests and answers are JSON with a zero byte behind each; the pipes are numbers 3 and 4. */
function speak(child: ChildProcess): Send {
  // `spawn` opened both as pipes: the third of `stdio` is written to, the fourth is read.
  const [input, output] = [child.stdio[3] as Writable, child.stdio[4] as Readable];
  const waiting = new Map<number, (answer: Result) => void>();
  let [rest, count] = ["", 0];
  // What a dead browser leaves unanswered runs into its time limit.
  input.on("error", () => undefined);
  output.setEncoding("utf8");
  output.on("data", (chunk: string) => {
    const messages = `${rest}${chunk}`.split("\0");
    rest = messages.pop() ?? "";
    for (const message of messages) {
      const answer: Result = JSON.parse(message);
      if (typeof answer.id === "number") waiting.get(answer.id)?.(answer);
    }
  });
  return (method, parameters = {}, session = undefined) => {
    count += 1;
    const id = count;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`Chromium did not answer ${method}.`)),
        answerTimeoutMs,
      );
      waiting.set(id, ({ result, error }) => {
        clearTimeout(timer);
        waiting.delete(id);
        // The protocol: every answer has an `error` or a `result`, which is an object.
        if (error === undefined) resolve(result as Result);
        else reject(new Error(`Chromium refused ${method}: ${JSON.stringify(error)}`));
      });
      const message = { id, method, params: parameters, ...(session && { sessionId: session }) };
      input.write(`${JSON.stringify(message)}\0`);
    });
  };
}

async function takePicture(send: Send, html: string, { width, scheme }: View): Promise<Buffer> {
  const { targetId } = await send("Target.createTarget", { url: "about:blank" });
  const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });
  const ask = (method: string, parameters?: object) => send(method, parameters, String(sessionId));
  const features = [{ name: "prefers-color-scheme", value: scheme }];
  await ask("Emulation.setEmulatedMedia", { features });
  await setSize(ask, width, 1);
  const { frameTree } = await ask("Page.getFrameTree");
  // The protocol's own shape: https://chromedevtools.github.io/devtools-protocol/tot/Page/
  const frameId = (frameTree as { frame: { id: string } }).frame.id;
  await ask("Page.setDocumentContent", { frameId, html });
  const size = await ask("Runtime.evaluate", {
    expression: "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]",
    returnByValue: true,
  });
  // As above: https://chromedevtools.github.io/devtools-protocol/tot/Runtime/
  const [pageWidth, pageHeight] = (size.result as { value: [number, number] }).value;
  if (pageWidth > width) {
    throw new Error(`The page is ${pageWidth} pixels wide, and only ${width} are there.`);
  }
  await setSize(ask, width, pageHeight);
  const { data } = await ask("Page.captureScreenshot", { format: "png" });
  await send("Target.closeTarget", { targetId });
  return Buffer.from(String(data), "base64");
}

// A quarter more pixels than of CSS: sharp enough, and small.
function setSize(ask: Send, width: number, height: number): Promise<Result> {
  const size = { width, height, deviceScaleFactor: 1.25, mobile: false };
  return ask("Emulation.setDeviceMetricsOverride", size);
}
