// A message as its receiver will show it: drawn for Slack and Discord, as text for mail, else as
// the request that leaves. Mail is not shown as HTML: the page's policy allows no foreign style.
import { type Event, events, type MessagePreview } from "@trigrun/contract";
import { ErrorNote } from "../../components/error-note.tsx";
import { type Drawing, readMessage } from "./message-reading.ts";
import "./channels.css";

interface PreviewProps {
  readonly type: string;
  readonly event: Event;
  readonly onEvent: (event: Event) => void;
  readonly preview: MessagePreview | undefined;
  readonly error: Error | null;
}

export function MessagePreviewCard({ type, event, onEvent, preview, error }: PreviewProps) {
  return (
    <section className="preview" aria-label="Message preview">
      <header className="line">
        <h3 className="grow">How a message looks</h3>
        <select
          aria-label="Event of the preview"
          value={event}
          // The options are the events.
          onChange={(change) => onEvent(change.target.value as Event)}
        >
          {events.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      </header>
      <ErrorNote error={error} />
      {preview === undefined && error === null && <p className="faint">Rendering…</p>}
      {preview !== undefined && <Message type={type} preview={preview} />}
    </section>
  );
}

function Message({ type, preview }: { type: string; preview: MessagePreview }) {
  if (preview.kind === "mail") return <Mail mail={preview} />;
  const drawing = readMessage(type, preview.body);
  if (drawing !== null) return <Drawn type={type} drawing={drawing} />;
  const headers = Object.entries(preview.headers).map(([name, value]) => `${name}: ${value}`);
  const head = [`${preview.method} ${preview.url}`, ...headers].join("\n");
  return <Code text={`${head}\n\n${toPretty(preview.body)}`} />;
}

function Code({ text }: { text: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard.
    <pre className="code" dir="auto" tabIndex={0}>
      {text}
    </pre>
  );
}

function toPretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

type MailPreview = Extract<MessagePreview, { kind: "mail" }>;

function Mail({ mail: { to, subject, text } }: { mail: MailPreview }) {
  return (
    <article className="drawn mail">
      <dl className="facts">
        <dt>To</dt>
        <dd dir="auto">{to.join(", ")}</dd>
        <dt>Subject</dt>
        <dd dir="auto">
          <strong>{subject}</strong>
        </dd>
      </dl>
      <pre dir="auto">{text}</pre>
    </article>
  );
}

function Drawn({ type, drawing }: { type: string; drawing: Drawing }) {
  const { title, text, fields, color } = drawing;
  return (
    <article className={`drawn ${type}`}>
      <p className="drawn-from">
        <strong>TrigRun</strong> <span className="app">APP</span>
      </p>
      <div className="drawn-body" style={color === null ? {} : { borderInlineStartColor: color }}>
        <h4 dir="auto">{title}</h4>
        {text.map((line) => (
          <p key={line} dir="auto">
            {line}
          </p>
        ))}
        <dl className="drawn-fields">
          {fields.map(({ name, value }) => (
            <div key={name}>
              <dt dir="auto">{name}</dt>
              <dd dir="auto">{value}</dd>
            </div>
          ))}
        </dl>
      </div>
    </article>
  );
}
