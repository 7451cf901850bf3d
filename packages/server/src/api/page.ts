// The frame of the small pages that the server itself shows: one look, and a policy that lets
// nothing run or load but what is written here.
import { createHash } from "node:crypto";
import type { FastifyReply } from "fastify";

export interface Page {
  readonly title: string;
  /** HTML; whatever comes from elsewhere is escaped in it. */
  readonly content: string;
  /** Runs in the page, and may ask this server. */
  readonly script?: string;
  /** A form may be sent to this server. */
  readonly hasForm?: boolean;
}

const style =
  "body{font:16px/1.5 system-ui,sans-serif;max-width:38rem;margin:4rem auto;padding:0 1rem;" +
  "color-scheme:light dark}input,button{font:inherit;padding:.4rem;max-width:100%}" +
  "label,button{display:block;margin:1rem 0}";

const hashOf = (text: string) => createHash("sha256").update(text).digest("base64");
const stylePolicy = `style-src 'sha256-${hashOf(style)}'`;

function toPolicy({ script, hasForm }: Page): string {
  return [
    "default-src 'none'",
    stylePolicy,
    ...(script === undefined
      ? []
      : [`script-src 'sha256-${hashOf(script)}'`, "connect-src 'self'"]),
    "base-uri 'none'",
    `form-action '${hasForm ? "self" : "none"}'`,
    "frame-ancestors 'none'",
  ].join("; ");
}

export function sendPage(reply: FastifyReply, page: Page): FastifyReply {
  return reply
    .header("content-security-policy", toPolicy(page))
    .type("text/html; charset=utf-8")
    .send(toHtml(page));
}

const toHtml = ({ title, content, script }: Page) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
${content}
${script === undefined ? "" : `<script>${script}</script>\n`}</body>
</html>
`;

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
