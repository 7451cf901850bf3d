// The style guide, executed: what docs/STYLE.md asks and a program can see. It mends nothing.
// What the linter can say (lengths of functions and files, names) is in biome.json.
import type { Finding } from "./finding.ts";
import { formatFindings } from "./finding.ts";
import type { RepositoryFile } from "./repository.ts";
import { isProgram, readRepository } from "./repository.ts";
import { lineAt } from "./source.ts";
import { checkCode } from "./tidy-code.ts";
import { checkDocuments } from "./tidy-documents.ts";

export function tidy(files: readonly RepositoryFile[]): Finding[] {
  const texts = files.filter((file) => !file.text.includes("\0"));
  // All of them: a document may show a picture.
  return [...texts.flatMap(checkText), ...checkCode(texts), ...checkDocuments(files)];
}

// The words are put together here, or the checker would find them in itself.
const marker = new RegExp(
  `\\b(?:${["TO" + "DO", "FIX" + "ME", "X".repeat(3), "HA" + "CK"].join("|")})\\b`,
  "g",
);

// Home folders and the like: nothing in a repository may depend on where it was checked out.
const machinePath = /(?<![\w.:/~-])\/(?:work|root|home|Users)\/[\w.]/g;
const registryHost =
  /\bregistry\.(?:npmjs|yarnpkg)\.\w+|https?:\/\/[\w.-]*(?:artifactory|verdaccio|nexus)/g;
const resolvedAddress = /"resolved": "http/g;

function checkText({ path, text }: RepositoryFile): Finding[] {
  const find = (pattern: RegExp, message: string): Finding[] =>
    [...text.matchAll(pattern)].map((match) => ({
      path,
      line: lineAt(text, match.index),
      message: `\`${match[0]}\`: ${message}`,
    }));
  if (path.endsWith("package-lock.json")) {
    return find(resolvedAddress, "the lock file names no host (.npmrc omits it; run npm install)");
  }
  return [
    ...find(marker, "a left-over marker; do it now or file an issue"),
    ...find(machinePath, "a path of one machine"),
    ...find(registryHost, "the host of a package registry"),
  ];
}

if (isProgram(import.meta.url)) {
  const findings = tidy(readRepository());
  if (findings.length > 0) {
    process.stdout.write(`${formatFindings(findings)}\n`);
    process.exitCode = 1;
  }
}
