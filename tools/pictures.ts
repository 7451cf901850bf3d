// Takes the pictures in docs/images, of mails and of the dashboard: each as people see it, in light
// and in dark, wide and on a phone. Mails are rendered with the channel type itself, so that no
// picture shows what is not sent.
import { mkdir, writeFile } from "node:fs/promises";
import { channelTypes, type Notice } from "@trigrun/contract";
import { makeDigest, makeNotice, makeWarning } from "../packages/contract/test/notices.ts";
import { findChromium, openBrowser, type View } from "./browser.ts";
import { takeDashboardPictures } from "./dashboard-pictures.ts";

const folder = new URL("../docs/images/", import.meta.url);

const output = '{\n  "error": "maintenance",\n  "until": "2026-11-23T12:00:00Z"\n}';
// 640: a reading pane beside a list of mails. 360: the width that most phones have.
const wide: Readonly<Record<string, View>> = {
  light: { width: 640, scheme: "light" },
  dark: { width: 640, scheme: "dark" },
};
const all: Readonly<Record<string, View>> = {
  ...wide,
  "phone-light": { width: 360, scheme: "light" },
  "phone-dark": { width: 360, scheme: "dark" },
};

// As many as fit a picture: six jobs, three executions of each.
const deliveries = makeDigest().event.data.deliveries.filter((_, index) => index % 15 < 6);
const counts = { total: 18, succeeded: 6, failed: 6, cancelled: 6 };

interface Picture {
  readonly name: string;
  readonly notice: Notice;
  readonly views: Readonly<Record<string, View>>;
}

const pictures: readonly Picture[] = [
  { name: "failed", notice: makeNotice("failed", { event: "on_failure", output }), views: all },
  { name: "succeeded", notice: makeNotice("succeeded", { event: "on_success" }), views: wide },
  { name: "digest", notice: makeDigest({ ...counts, deliveries }), views: all },
  { name: "warning", notice: makeWarning(), views: wide },
];

// Ours: documents are read on slow lines too.
const pictureBytesMax = 100_000;

function toHtml(notice: Notice): string {
  const { email } = channelTypes;
  const message = email.render(notice, email.config.parse(email.example));
  if (message.kind !== "mail") throw new Error("an e-mail is a mail message");
  return message.html;
}

async function takeAll(): Promise<void> {
  await mkdir(folder, { recursive: true });
  const browser = openBrowser(findChromium());
  try {
    for (const { name, notice, views } of pictures) {
      for (const [suffix, view] of Object.entries(views)) {
        const file = `mail-${name}-${suffix}.png`;
        const picture = await browser.picture(toHtml(notice), view);
        if (picture.length > pictureBytesMax) throw new Error(`${file} is over 100 KB.`);
        await writeFile(new URL(file, folder), picture);
        process.stdout.write(`wrote docs/images/${file}, ${picture.length} bytes\n`);
      }
    }
  } finally {
    await browser.close();
  }
}

async function main(): Promise<void> {
  await takeAll();
  await takeDashboardPictures();
}

await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
