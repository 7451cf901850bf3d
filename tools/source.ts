// Reads one TypeScript file as far as the checkers need it: comments, strings, templates, imports.
// It is a scanner, not a parser: it never judges, and it never looks at another file.

export type TokenKind = "comment" | "string" | "template" | "regex";

/** A stretch of text that is not code. `text` is its inside; a template's code is `${}` in it. */
export interface Token {
  readonly kind: TokenKind;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** One import, re-export, `import()` or `require()`. `isTypeOnly`: of `import type` alone. */
export interface Import {
  readonly specifier: string;
  readonly line: number;
  readonly isTypeOnly: boolean;
}

export interface Source {
  readonly path: string;
  readonly text: string;
  /** The text with the inside of every token blanked: same length, same lines, only code. */
  readonly code: string;
  readonly tokens: readonly Token[];
  readonly imports: readonly Import[];
}

export function readSource(path: string, text: string): Source {
  const { tokens, code } = new Scanner(text).scan();
  return { path, text, code, tokens, imports: readImports(text, code, tokens) };
}

/** The line, counted from 1, on which the character at `offset` stands. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) line++;
  return line;
}

// `from "` of an import or export, a bare `import "`, and the two calls. The words between `import`
// and `from` hold no quote, bracket or semicolon, so one statement cannot run into the next.
const importPattern =
  /\b(?:(import|export)\s+(type\b)?[^;"'`()=]*?\bfrom|import|import\s*\(|require\s*\()\s*["']/g;

function readImports(text: string, code: string, tokens: readonly Token[]): Import[] {
  const strings = new Map(tokens.filter((t) => t.kind === "string").map((t) => [t.start, t]));
  const imports: Import[] = [];
  for (const match of code.matchAll(importPattern)) {
    const token = strings.get(match.index + match[0].length - 1);
    if (!token) continue;
    imports.push({
      specifier: token.text,
      line: lineAt(text, token.start),
      isTypeOnly: match[2] !== undefined,
    });
  }
  return imports;
}

// Words after which a slash begins a regular expression and not a division.
const wordsBeforeRegex =
  /\b(?:return|typeof|case|in|of|do|else|void|throw|new|delete|await|yield)$/;

/** Where the scanner stands inside a template: its text so far, or the code of a `${…}`. */
interface Frame {
  readonly start: number;
  text: string;
  /** Open braces of the code inside `${…}`; undefined while in the template's own text. */
  braces: number | undefined;
}

class Scanner {
  readonly #text: string;
  readonly #code: string[];
  readonly #tokens: Token[] = [];
  readonly #frames: Frame[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    // Split by UTF-16 units, so that offsets into `code` and into the text are the same.
    this.#code = text.split("");
  }

  scan(): { tokens: Token[]; code: string } {
    if (this.#text.startsWith("#!")) this.#take("comment", this.#endOfLine(), 2, 0);
    while (this.#at < this.#text.length) {
      const frame = this.#frames.at(-1);
      if (frame && frame.braces === undefined) this.#stepInTemplate(frame);
      else this.#stepInCode(frame);
    }
    return { tokens: this.#tokens, code: this.#code.join("") };
  }

  #stepInCode(frame: Frame | undefined): void {
    const char = this.#text[this.#at];
    const next = this.#text[this.#at + 1];
    if (char === "/" && next === "/") this.#take("comment", this.#endOfLine(), 2, 0);
    else if (char === "/" && next === "*") this.#take("comment", this.#endOfBlock(), 2, 2);
    else if (char === "/" && this.#isRegexHere()) this.#take("regex", this.#endOfRegex(), 1, 1);
    else if (char === '"' || char === "'") this.#take("string", this.#endOfString(char), 1, 1);
    else this.#stepInPlainCode(frame, char);
  }

  /** Templates nest in the code of templates, so braces are counted to find the way back out. */
  #stepInPlainCode(frame: Frame | undefined, char: string | undefined): void {
    if (char === "`") {
      this.#frames.push({ start: this.#at, text: "", braces: undefined });
    } else if (frame?.braces !== undefined && char === "{") {
      frame.braces++;
    } else if (frame?.braces !== undefined && char === "}") {
      if (frame.braces === 0) frame.braces = undefined;
      else frame.braces--;
    }
    this.#at++;
  }

  #stepInTemplate(frame: Frame): void {
    const char = this.#text[this.#at] ?? "";
    if (char === "`") {
      this.#frames.pop();
      this.#at++;
      const { start, text } = frame;
      this.#tokens.push({ kind: "template", start, end: this.#at, text });
    } else if (char === "$" && this.#text[this.#at + 1] === "{") {
      frame.text += "${}";
      frame.braces = 0;
      this.#at += 2;
    } else {
      const length = char === "\\" ? 2 : 1;
      frame.text += this.#text.slice(this.#at, this.#at + length);
      this.#blank(this.#at, this.#at + length);
      this.#at += length;
    }
  }

  /** Records a token that ends before `end`; `open` and `close` are the lengths of its marks. */
  #take(kind: TokenKind, end: number, open: number, close: number): void {
    const start = this.#at;
    const text = this.#text.slice(start + open, Math.max(end - close, start + open));
    this.#tokens.push({ kind, start, end, text });
    if (kind === "string") this.#blank(start + 1, end - 1);
    else this.#blank(start, end);
    this.#at = end;
  }

  #blank(from: number, to: number): void {
    for (let at = from; at < to; at++) if (this.#code[at] !== "\n") this.#code[at] = " ";
  }

  #endOfLine(): number {
    const end = this.#text.indexOf("\n", this.#at);
    return end < 0 ? this.#text.length : end;
  }

  #endOfBlock(): number {
    const end = this.#text.indexOf("*/", this.#at + 2);
    return end < 0 ? this.#text.length : end + 2;
  }

  #endOfString(quote: string): number {
    let at = this.#at + 1;
    while (at < this.#text.length && this.#text[at] !== quote && this.#text[at] !== "\n") {
      at += this.#text[at] === "\\" ? 2 : 1;
    }
    return Math.min(at + 1, this.#text.length);
  }

  #endOfRegex(): number {
    let at = this.#at + 1;
    let isInClass = false;
    while (at < this.#text.length && this.#text[at] !== "\n") {
      const char = this.#text[at];
      if (char === "\\") at++;
      else if (char === "[") isInClass = true;
      else if (char === "]") isInClass = false;
      else if (char === "/" && !isInClass) break;
      at++;
    }
    return Math.min(at + 1, this.#text.length);
  }

  /** A slash divides after a value and begins a regular expression after anything else. */
  #isRegexHere(): boolean {
    // 40 characters are more than the longest word that matters and the blanks around it.
    const before = this.#code
      .slice(Math.max(0, this.#at - 40), this.#at)
      .join("")
      .trimEnd();
    const last = before.at(-1);
    if (last === undefined) return true;
    if (/[\w$]/.test(last)) return wordsBeforeRegex.test(before);
    return !/[)\]"'`}]/.test(last);
  }
}
