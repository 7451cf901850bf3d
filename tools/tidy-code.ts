// The house rules for code that the linter cannot say. Pure: files in, findings out.
import { posix } from "node:path";
import type { Finding } from "./finding.ts";
import type { RepositoryFile } from "./repository.ts";
import { isTest } from "./repository.ts";
import type { Source } from "./source.ts";
import { lineAt, readSource } from "./source.ts";

/** docs/STYLE.md: full sentences, 100 columns. The formatter breaks code, this finds the rest. */
const columnsMax = 100;

const bagNames = /^(?:utils?|helpers?|common|shared|misc|types|interfaces)$/;

export function checkCode(files: readonly RepositoryFile[]): Finding[] {
  const code = files.filter((file) => /\.(?:ts|mjs|js)$/.test(file.path));
  const sources = code.map((file) => readSource(file.path, file.text));
  return [
    ...sources.flatMap((source) => [
      ...findMissingOpening(source),
      ...findBagNames(source.path),
      ...(isTest(source.path) ? findSilencedTests(source) : findUnexplainedCasts(source)),
    ]),
    ...files.filter((file) => file.path.endsWith(".sql")).flatMap(findMissingSqlOpening),
    ...files.filter((file) => /\.(?:ts|mjs|js|sql)$/.test(file.path)).flatMap(findLongLines),
    ...findNeverImported(files, sources),
  ];
}

function findMissingOpening({ path, text, tokens }: Source): Finding[] {
  const body = text.replace(/^#!.*\n/, "").trimStart();
  const offset = text.length - body.length;
  const opening = tokens.find((token) => token.start >= offset);
  const isComment = opening?.kind === "comment" && opening.start === offset;
  // A directive to a tool is not a sentence about the file.
  const isSentence = isComment && !/^[\s/]*(?:biome-ignore|@ts-|<reference)/.test(opening.text);
  if (isSentence && /\w/.test(opening.text)) return [];
  return [{ path, line: 1, message: "open with a comment: what it is, what it must never do" }];
}

function findMissingSqlOpening({ path, text }: RepositoryFile): Finding[] {
  if (/^--+ *\w/.test(text)) return [];
  return [{ path, line: 1, message: "open with a comment: what it is" }];
}

function findLongLines({ path, text }: RepositoryFile): Finding[] {
  return text.split("\n").flatMap((line, index) => {
    const columns = [...line].length;
    if (columns <= columnsMax || /https?:\/\//.test(line)) return [];
    return [{ path, line: index + 1, message: `${columns} columns, ${columnsMax} are the limit` }];
  });
}

function findBagNames(path: string): Finding[] {
  const bag = path.split("/").find((part) => bagNames.test(part.replace(/\..*$/, "")));
  if (bag === undefined) return [];
  return [{ path, line: 0, message: `"${bag}" is a bag: name the one thing it holds` }];
}

function findSilencedTests({ path, text, code }: Source): Finding[] {
  const silenced =
    /\b(?:describe|it|test|suite|bench)(?:\.\w+)*\.(only|skip|todo|skipIf|runIf|fails)\b|\b(?:xit|xdescribe|xtest|fit|fdescribe)\s*\(/g;
  return [...code.matchAll(silenced)].map((match) => ({
    path,
    line: lineAt(text, match.index),
    message: `\`${match[0]}\`: every test runs, every time`,
  }));
}

function findUnexplainedCasts({ path, text, code, tokens }: Source): Finding[] {
  // `as` also renames imports and exports and the keys of mapped types; those are no casts.
  const blank = (match: string) => match.replace(/[^\n]/g, " ");
  const bare = code
    .replace(/\b(?:import|export)\s+(?:type\s+)?[^;"'`=()]*?\bfrom\b/g, blank)
    .replace(/\bexport\s+(?:type\s+)?\{[^}]*\}/g, blank)
    .replace(/\[\s*\w+\s+in\b[^\]]*?\bas\b/g, blank);
  const explained = explainedLines(text, tokens);
  const lines = bare.split("\n");
  const findings: Finding[] = [];
  for (const match of bare.matchAll(/(?<=[\w$)\]}"'`]\s+)as\s+(?!const\b)[\w({["'`]/g)) {
    const line = lineAt(text, match.index);
    if (findings.at(-1)?.line === line || isExplained(lines, explained, line)) continue;
    findings.push({ path, line, message: "a cast needs a line above it with the reason" });
  }
  return findings;
}

/** The lines that carry a comment or stand right below one. */
function explainedLines(text: string, tokens: Source["tokens"]): Set<number> {
  const lines = new Set<number>();
  for (const token of tokens) {
    if (token.kind !== "comment") continue;
    const last = lineAt(text, token.end);
    for (let line = lineAt(text, token.start); line <= last + 1; line++) lines.add(line);
  }
  return lines;
}

// Climbs from the cast to the beginning of its statement, at most 8 lines: a longer statement
// deserves a name for its parts.
function isExplained(lines: readonly string[], explained: Set<number>, from: number): boolean {
  for (let line = from; line > from - 8 && line > 0; line--) {
    if (explained.has(line)) return true;
    const above = lines[line - 2]?.trimEnd() ?? "";
    if (above === "" || /[;{}]$/.test(above)) return false;
  }
  return false;
}

/** A file nobody names is dead; a production file that only tests name is dead too. */
function findNeverImported(
  files: readonly RepositoryFile[],
  sources: readonly Source[],
): Finding[] {
  const named = new Map<string, string[]>();
  const note = (target: string, by: string) =>
    named.set(posix.normalize(target), [...(named.get(posix.normalize(target)) ?? []), by]);
  for (const { path, tokens } of sources) {
    for (const { kind, text } of tokens) {
      if (kind === "comment" || !/^[\w@./-]+\.(?:ts|mjs|js)$/.test(text)) continue;
      // Relative to the file, as imports and child processes are; or from the root, as in configs.
      note(posix.join(posix.dirname(path), text), path);
      note(text, path);
    }
  }
  for (const { path, text } of files.filter((file) => file.path.endsWith("package.json"))) {
    for (const [mention] of text.matchAll(/[\w./-]+\.(?:ts|mjs|js)\b/g)) {
      note(posix.join(posix.dirname(path), mention), path);
    }
  }
  return sources
    .map(({ path }) => path)
    .filter((path) => path.includes("/") && !/\.test(?:-d)?\.ts$/.test(path))
    .filter((path) => {
      const by = (named.get(path) ?? []).filter((other) => other !== path);
      return /^packages\/[^/]+\/src\//.test(path) ? by.every(isTest) : by.length === 0;
    })
    .map((path) => ({ path, line: 0, message: "no file imports it: use it or delete it" }));
}
