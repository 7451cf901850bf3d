// What went over the wire, to look at: headers and a body. Whatever a stranger's server sent is
// text here and nothing else; it is never a link, a picture or a part of the page.

interface HeadersProps {
  readonly label: string;
  readonly headers: Readonly<Record<string, string>> | null;
}

/** Told first, as they are asked about most. */
const telling = ["content-type", "retry-after", "location", "content-length"];

const rank = (name: string) => {
  const index = telling.indexOf(name.toLowerCase());
  return index === -1 ? telling.length : index;
};

export function Headers({ label, headers }: HeadersProps) {
  const entries = Object.entries(headers ?? {}).sort(([a], [b]) => rank(a) - rank(b));
  if (entries.length === 0) return null;
  return (
    <details className="wire">
      <summary>
        {label} <span className="faint">({entries.length})</span>
      </summary>
      <dl className="headers code">
        {entries.map(([name, value]) => (
          <div key={name}>
            <dt dir="auto">{name}</dt>
            <dd dir="auto">{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

interface BodyProps {
  readonly label: string;
  readonly text: string | null;
  readonly isCut?: boolean;
}

/** JSON with its indents; everything else as it came. */
function toReadable(text: string): string {
  if (!/^\s*[{[]/.test(text)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

export function Body({ label, text, isCut = false }: BodyProps) {
  if (text === null || text === "") return null;
  return (
    <details className="wire" open={text.length < bodyOpenMax}>
      <summary>
        {label}
        {isCut && <span className="faint"> (the first 64 KB)</span>}
      </summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by keyboard. */}
      <pre className="code" dir="auto" tabIndex={0}>
        {toReadable(text)}
      </pre>
    </details>
  );
}

// About a screen; more is for whoever asks.
const bodyOpenMax = 2_000;
