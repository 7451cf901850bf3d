// The HTML part of a mail: a table with the styles in the tags, as mail programs need it. Every
// piece of text in it is escaped here, whoever wrote it.
import { fitLines, listHeading } from "./listing.ts";
import type { Listing, Summary, Tone } from "./summary.ts";
import { cut, escapeHtml } from "./text.ts";

const colours: Readonly<Record<Tone, string>> = {
  succeeded: "#2e7d32",
  failed: "#c62828",
  cancelled: "#616161",
  warning: "#a15c00",
};

const font = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
const mono = "font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace";
const ink = "color:#1a1a1a;word-break:break-word";
const faint = "color:#6b6b6b";

// Programs that darken a mail by themselves leave one alone that says it has both (Apple Mail,
// Outlook); the rules are for them. Gmail drops them and darkens the styles in the tags itself.
const head = `<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<style>
  :root { color-scheme: light dark; supported-color-schemes: light dark; }
  @media (prefers-color-scheme: dark) {
    .page { background: #121212 !important; }
    .card { background: #1e1e1e !important; }
    .ink { color: #eeeeee !important; }
    .faint { color: #aaaaaa !important; }
    .block { background: #2a2a2a !important; color: #eeeeee !important; }
    .succeeded { color: #81c784 !important; }
    .failed { color: #e57373 !important; }
    .cancelled { color: #bdbdbd !important; }
  }
</style>`;

/** `outputCharsMax` counts the output as HTML, escapes included. */
export function toMailHtml(summary: Summary, footer: string, outputCharsMax: number): string {
  const cells = [toCell("24px 24px 8px", toTitle(summary)), toCell("0 24px 16px", toLead(summary))];
  cells.push(toCell("0 24px 16px", toFactTable(summary)));
  if (summary.output !== null) {
    cells.push(toCell("0 24px 16px", toOutput(cut(summary.output, outputCharsMax, escapeHtml))));
  }
  if (summary.list !== null) {
    cells.push(toCell("0 24px 16px", toList(summary.list, outputCharsMax)));
  }
  if (summary.link !== null) cells.push(toCell("8px 24px 24px", toButton(summary.link, summary)));

  // Of a fixed layout, so that no word can make it wider than the screen.
  const frame = "table-layout:fixed;background:#ffffff;border-radius:6px";
  const border = `border-top:4px solid ${colours[summary.tone]}`;
  const card = toTable("card", `max-width:600px;${frame};${border}`, cells);
  const footerStyle = `margin:16px 0 0;${font};font-size:12px;${faint}`;
  const note = toTag("p", { class: "faint", style: footerStyle }, escapeHtml(footer));
  const middle = toTag(
    "td",
    { align: "center", style: "padding:24px 12px" },
    `\n${card}\n${note}\n`,
  );
  const page = toTable("page", "background:#f4f4f4", [toTag("tr", {}, middle)]);
  // What a mailbox shows beside the subject, instead of the first words of the table.
  const preview = toTag("div", { style: "display:none;mso-hide:all" }, escapeHtml(summary.lead));
  const bodyStyle = "margin:0;padding:0;background:#f4f4f4";
  const body = toTag("body", { class: "page", style: bodyStyle }, `\n${preview}\n${page}\n`);
  const title = toTag("title", {}, escapeHtml(summary.title));
  const document = `\n<head>\n${head}\n${title}\n</head>\n${body}\n`;
  return `<!doctype html>\n${toTag("html", { lang: "en", dir: "ltr" }, document)}\n`;
}

function toTable(name: string, style: string, rows: readonly string[]): string {
  const layout = { role: "presentation", width: "100%", cellpadding: "0", cellspacing: "0" };
  return toTag("table", { class: name, ...layout, style }, `\n${rows.join("\n")}\n`);
}

function toCell(padding: string, content: string): string {
  return toTag("tr", {}, toTag("td", { style: `padding:${padding};${font}` }, content));
}

// All sentences are English, so the page reads from left to right; a name in Hebrew or Arabic
// stands in it as its letters ask. With `dir="auto"` one at the start would turn it all around.
function toTitle({ title }: Summary): string {
  const style = `margin:0;font-size:20px;line-height:1.3;${ink}`;
  return toTag("h1", { class: "ink", style }, escapeHtml(title));
}

function toLead({ lead }: Summary): string {
  const style = `margin:0;font-size:15px;line-height:1.5;${ink}`;
  return toTag("p", { class: "ink", style }, escapeHtml(lead));
}

function toFactTable({ facts }: Summary): string {
  const label = "padding:2px 16px 2px 0;font-weight:normal;white-space:nowrap";
  const th = `${label};vertical-align:top;${faint}`;
  const rows = facts.map(({ label, value }) => {
    const attributes = { class: "faint", scope: "row", align: "left", style: th };
    const header = toTag("th", attributes, escapeHtml(label));
    const cell = toTag("td", { class: "ink", style: `padding:2px 0;${ink}` }, escapeHtml(value));
    return toTag("tr", {}, header + cell);
  });
  const style = `${font};font-size:14px;line-height:1.5`;
  return toTag("table", { cellpadding: "0", cellspacing: "0", style }, `\n${rows.join("\n")}\n`);
}

function toOutput(outputHtml: string): string {
  const labelStyle = `margin:0 0 4px;font-size:14px;${faint}`;
  const box = "margin:0;padding:12px;background:#f4f4f4;border-radius:4px;white-space:pre-wrap";
  const style = `${box};${mono};font-size:12px;line-height:1.5;${ink}`;
  return `${toTag("p", { class: "faint", style: labelStyle }, "Output")}
${toTag("pre", { class: "block", style }, outputHtml)}`;
}

function toList(listing: Listing, charsMax: number): string {
  const labelStyle = `margin:0 0 4px;font-size:14px;${faint}`;
  const style = `margin:0 0 6px;font-size:14px;line-height:1.4;${ink}`;
  const [open, close] = [`<p class="ink" style="${style}">`, "</p>"];
  const joint = `${close}\n${open}`;
  const lines = fitLines(listing, charsMax, { toSign: toDot, toMarkup: escapeHtml, joint });
  return [
    toTag("p", { class: "faint", style: labelStyle }, listHeading),
    `${open}${lines.join(joint)}${close}`,
  ].join("\n");
}

/** Not an emoji, which a mail program may lack; the words beside it say the same. */
function toDot(tone: Tone): string {
  return `${toTag("span", { class: tone, style: `color:${colours[tone]}` }, "●")}&nbsp;`;
}

function toButton(link: string, { tone, linkText }: Summary): string {
  const box = `display:inline-block;padding:10px 16px;background:${colours[tone]}`;
  const style = `${box};color:#ffffff;font-size:14px;text-decoration:none;border-radius:4px`;
  return toTag("a", { href: link, style }, linkText);
}

/** Escapes the attributes. The content is HTML already. */
function toTag(name: string, attributes: Readonly<Record<string, string>>, content: string) {
  const pairs = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeHtml(value)}"`);
  return `<${name}${pairs.join("")}>${content}</${name}>`;
}
