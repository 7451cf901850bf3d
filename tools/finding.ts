// What every checker reports, and the one way of printing it.

export interface Finding {
  readonly path: string;
  /** Counted from 1; 0 when the finding is about the file as a whole. */
  readonly line: number;
  readonly message: string;
}

/** One line a finding, `path:line: message`, ordered by path and line. */
export function formatFindings(findings: readonly Finding[]): string {
  return [...findings]
    .sort((a, b) => a.path.localeCompare(b.path, "en") || a.line - b.line)
    .map((f) => `${f.path}${f.line > 0 ? `:${f.line}` : ""}: ${f.message}`)
    .join("\n");
}
