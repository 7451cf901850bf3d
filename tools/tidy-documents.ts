// The house rules for documents: one title, no dead path, no gap in the decisions. Pure.
import { posix } from "node:path";
import type { Finding } from "./finding.ts";
import type { RepositoryFile } from "./repository.ts";

export function checkDocuments(files: readonly RepositoryFile[]): Finding[] {
  const documents = files.filter((file) => file.path.endsWith(".md"));
  const tree = readTree(files);
  return [
    ...documents.flatMap((document) => [
      ...findWrongTitles(document),
      ...findDeadPaths(document, tree),
      ...findDeadLinks(document, tree),
    ]),
    ...findDecisionGaps(documents),
    ...findUndocumentedCodes(files),
  ];
}

/** Every file and folder of the repository. */
function readTree(files: readonly RepositoryFile[]): Set<string> {
  const tree = new Set<string>();
  for (const { path } of files) {
    for (let at = path; at !== "."; at = posix.dirname(at)) tree.add(at);
  }
  return tree;
}

/** The lines of a document with fenced code left blank. */
function readProse(text: string): string[] {
  let fence = "";
  return text.split("\n").map((line) => {
    const mark = /^\s*(`{3,}|~{3,})/.exec(line)?.[1] ?? "";
    if (fence === "" && mark === "") return line;
    if (fence === "") fence = mark;
    else if (mark.startsWith(fence)) fence = "";
    return "";
  });
}

function findWrongTitles({ path, text }: RepositoryFile): Finding[] {
  const titles = readProse(text).filter((line) => /^# /.test(line)).length;
  if (titles === 1) return [];
  return [{ path, line: 1, message: `${titles} titles (\`# \`), exactly one is wanted` }];
}

function findDeadPaths({ path, text }: RepositoryFile, tree: Set<string>): Finding[] {
  // A change log tells of files that are gone.
  if (posix.basename(path) === "CHANGELOG.md") return [];
  return readProse(text).flatMap((line, index) =>
    [...line.matchAll(/`([^`\s]+)`/g)]
      .map((match) => match[1] ?? "")
      .filter((mention) => isPath(mention, tree) && !hasPath(mention, tree))
      .map((mention) => ({ path, line: index + 1, message: `\`${mention}\` does not exist` })),
  );
}

/** A mention is a path if it looks like a source file or folder, or begins at our root. */
function isPath(mention: string, tree: Set<string>): boolean {
  if (!/^(?:\.?[\w@-][\w@.-]*\/)*[\w@.-]+\/?$/.test(mention)) return false;
  // Made by building and running, never in the repository.
  if (/(?:^|\/)(?:dist|data|node_modules)(?:\/|$)/.test(mention)) return false;
  // A number that the reader chooses.
  if (mention.includes("NNNN")) return false;
  const [first = "", ...rest] = mention.split("/");
  return rest.length > 0
    ? tree.has(first) || mention.endsWith("/") || /\.(?:tsx?|mjs|sql|md)$/.test(mention)
    : /^[\w-][\w.-]*\.(?:tsx?|mjs|sql|md)$/.test(mention);
}

/** People write `store/jobs.ts` for the whole path, so the end or the middle of one is enough. */
function hasPath(mention: string, tree: Set<string>): boolean {
  const wanted = mention.replace(/\/$/, "");
  if (tree.has(wanted)) return true;
  for (const path of tree) if (path.endsWith(`/${wanted}`)) return true;
  return false;
}

function findDeadLinks({ path, text }: RepositoryFile, tree: Set<string>): Finding[] {
  return readProse(text).flatMap((line, index) =>
    [...line.matchAll(/\]\(([^)\s]+)\)/g)]
      .map((match) => match[1] ?? "")
      .filter((link) => !/^(?:[a-z]+:|#|\/)/.test(link))
      .filter((link) => {
        const target = posix.join(posix.dirname(path), link.replace(/#.*$/, ""));
        return !tree.has(target.replace(/\/$/, ""));
      })
      .map((link) => ({ path, line: index + 1, message: `the link to ${link} leads nowhere` })),
  );
}

function findDecisionGaps(documents: readonly RepositoryFile[]): Finding[] {
  const decisions = documents
    .filter((document) => document.path.startsWith("docs/adr/"))
    .sort((a, b) => a.path.localeCompare(b.path, "en"));
  return decisions.flatMap(({ path, text }, index) => {
    const number = String(index + 1).padStart(4, "0");
    const name = posix.basename(path);
    if (!name.startsWith(`${number}-`)) {
      return [{ path, line: 0, message: `decision ${number} is missing or there twice` }];
    }
    if (text.startsWith(`# ${number}: `)) return [];
    return [{ path, line: 1, message: `the title begins with "# ${number}: "` }];
  });
}

const codesFile = "packages/contract/src/api/errors.ts";
const codesDocument = "docs/api/errors.md";

/** Rows are compared both ways: a code without a row, and a row whose code has gone. */
function findUndocumentedCodes(files: readonly RepositoryFile[]): Finding[] {
  const source = files.find((file) => file.path === codesFile)?.text;
  const document = files.find((file) => file.path === codesDocument)?.text;
  if (source === undefined || document === undefined) return [];
  const table = /errorTable = \{(.*?)\n\}/s.exec(source)?.[1];
  if (table === undefined) {
    return [{ path: codesFile, line: 0, message: "`errorTable = {…}` was not found in it" }];
  }
  const codes = [...table.matchAll(/^ {2}([a-z_]+): \{/gm)].map((match) => match[1] ?? "");
  const rows = [...document.matchAll(/^\|.*?`([a-z_]+)`/gm)].map((match) => match[1] ?? "");
  return [
    ...codes
      .filter((code) => !rows.includes(code))
      .map((code) => ({ path: codesDocument, line: 0, message: `no row for \`${code}\`` })),
    ...rows
      .filter((row) => !codes.includes(row))
      .map((row) => ({ path: codesDocument, line: 0, message: `\`${row}\` is no error code` })),
  ];
}
