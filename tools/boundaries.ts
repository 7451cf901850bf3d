// Checks the dependency rules: the table in boundary-rules.ts, what may stand in a text, cycles.
// It reads imports and text only; it never looks at what code does. Tests may import anything.
import { isBuiltin } from "node:module";
import { posix } from "node:path";
import type { Edge } from "./boundary-rules.ts";
import { importRules, isIn } from "./boundary-rules.ts";
import { findCycles } from "./cycles.ts";
import type { Finding } from "./finding.ts";
import { formatFindings } from "./finding.ts";
import type { Place } from "./place.ts";
import { placeOf } from "./place.ts";
import { isProgram, readRepository, readSources } from "./repository.ts";
import type { Import, Source } from "./source.ts";
import { lineAt } from "./source.ts";

// Sentences may begin with these words too ("Delete the channel?"), so the patterns ask for
// grammar.
const sqlPatterns = [
  /^\s*select\s(?:.*\sfrom\s|\w+\s*\(|\d)/is,
  /^\s*insert\s+into\s/i,
  /^\s*update\s+\S+\s+(?:(?:as\s+)?\w+\s+)?set\s/i,
  /^\s*delete\s+from\s/i,
  /^\s*with\s+(?:recursive\s+)?\w+\s*(?:\([^)]*\)\s*)?as\s+(?:(?:not\s+)?materialized\s*)?\(/i,
  /^\s*(?:create|alter|drop|truncate|lock)\s+(?:table|index|unique|type|function)\s/i,
  /^\s*(?:(?:un)?listen\s+\w+\s*$|notify\s+\w+\s*,)/i,
];

// What a pure file is given instead of taking it: the time, chance, and the machine it runs on.
const clockPattern =
  /\bDate\.now\b|\bnew Date\b(?!\s*\(\s*[^\s)])|\bperformance\.|\bMath\.random\b/g;
const chancePattern = /\brandom(?:Bytes|UUID|Int|Fill|FillSync)\b|\bgetRandomValues\b/g;
const machinePattern = /(?<![\w.$])(?:process\.|console\.|set(?:Timeout|Interval|Immediate)\b)/g;
// A call, not the declaration of a method of that name.
const networkPatterns = [
  /(?<![\w.$])(?:globalThis\.)?fetch\s*\((?![^)]*\)\s*:)/g,
  /\bnew (?:WebSocket|EventSource|XMLHttpRequest)\b/g,
];

/** Every broken rule of these files, cycles among them included. */
export function checkBoundaries(sources: readonly Source[]): Finding[] {
  const findings = sources.flatMap((source) => {
    const from = placeOf(source.path);
    if (!from || from.role === "test") return [];
    const imports = source.imports.flatMap((entry) => checkImport(source, from, entry));
    return [...imports, ...checkText(source, from)];
  });
  const graph = new Map(sources.map((source) => [source.path, targetsOf(source)]));
  for (const cycle of findCycles(graph)) {
    const path = cycle[0] ?? "";
    const chain = [...cycle, path].map((step) => posix.basename(step)).join(" -> ");
    findings.push({ path, line: 0, message: `no cycles (type imports count): ${chain}` });
  }
  return findings;
}

function checkImport(source: Source, from: Place, entry: Import): Finding[] {
  const target = resolve(source.path, entry.specifier);
  const edge: Edge = {
    from,
    to: target === undefined ? undefined : placeOf(target),
    module: target === undefined ? moduleOf(entry.specifier) : "",
    isTypeOnly: entry.isTypeOnly,
    isRelative: entry.specifier.startsWith("."),
  };
  const broken = importRules.find((rule) => rule.forbids(edge));
  if (!broken) return [];
  return [{ path: source.path, line: entry.line, message: `${broken.name}: "${entry.specifier}"` }];
}

function checkText(source: Source, from: Place): Finding[] {
  const find = (patterns: RegExp[], message: string): Finding[] =>
    patterns.flatMap((pattern) =>
      [...source.code.matchAll(pattern)].map((match) => ({
        path: source.path,
        line: lineAt(source.text, match.index),
        message: `${message}: \`${match[0].trim()}\``,
      })),
    );
  const isPure = from.workspace === "contract" || from.role === "noun";
  const isBehindDoors = from.workspace === "server" && !isIn(from, "wire");
  return [
    ...(isIn(from, "store") ? [] : findSql(source)),
    ...(isPure ? find([clockPattern, chancePattern], "time and chance are parameters here") : []),
    ...(isPure ? find([machinePattern], "pure code does not touch the machine") : []),
    ...(isBehindDoors ? find(networkPatterns, "only wire/ calls addresses") : []),
  ];
}

function findSql({ path, text, tokens }: Source): Finding[] {
  return tokens
    .filter((token) => token.kind === "template" || token.kind === "string")
    .filter((token) => sqlPatterns.some((pattern) => pattern.test(token.text)))
    .map((token) => ({
      path,
      line: lineAt(text, token.start),
      message: "SQL text outside store/",
    }));
}

function targetsOf(source: Source): string[] {
  return source.imports
    .map((entry) => resolve(source.path, entry.specifier))
    .filter((target) => target !== undefined);
}

/** The path of a file of ours; undefined for a module of somebody else. */
function resolve(from: string, specifier: string): string | undefined {
  if (specifier.startsWith(".")) return posix.join(posix.dirname(from), specifier);
  const workspace = /^@trigrun\/([^/]+)/.exec(specifier)?.[1];
  return workspace === undefined ? undefined : `packages/${workspace}/src/index.ts`;
}

/** The package of a specifier ("zod/v4" is zod); built-in modules keep their whole name. */
function moduleOf(specifier: string): string {
  if (isBuiltin(specifier)) return specifier.startsWith("node:") ? specifier : `node:${specifier}`;
  return /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
}

if (isProgram(import.meta.url)) {
  const findings = checkBoundaries(readSources(readRepository()));
  if (findings.length > 0) {
    process.stdout.write(`${formatFindings(findings)}\n`);
    process.exitCode = 1;
  }
}
