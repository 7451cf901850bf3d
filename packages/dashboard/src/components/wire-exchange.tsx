// One request and its answer as they were on the wire: where the time went, headers, bodies. All of
// it is somebody else's text, and shown as text.
import type { Phases } from "@trigrun/contract";
import { toDuration } from "../data/time.ts";
import "./wire-exchange.css";

interface Wire {
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string | null;
  } | null;
  readonly response: {
    readonly status_code: number | null;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
    readonly body_truncated: boolean;
  } | null;
  readonly phases: Phases;
}

const phaseLabels = {
  dns_ms: "Name",
  connect_ms: "Connect",
  tls_ms: "TLS",
  first_byte_ms: "First byte",
  body_ms: "Body",
} as const satisfies Record<keyof Phases, string>;

export function WireExchange({ wire: { request, response, phases } }: { wire: Wire }) {
  return (
    <div className="wire">
      <PhaseBar phases={phases} />
      {response !== null && (
        <Part title="Answer" isOpen>
          <Headers first={`HTTP ${response.status_code ?? "?"}`} headers={response.headers} />
          {response.body === "" ? <p className="faint">No body.</p> : <Body text={response.body} />}
          {response.body_truncated && <p className="faint">Only the first 64 KB are kept.</p>}
        </Part>
      )}
      {request !== null && (
        <Part title="Request as it left">
          <Headers first={`${request.method} ${request.url}`} headers={request.headers} />
          {request.body !== null && request.body !== "" && <Body text={request.body} />}
        </Part>
      )}
    </div>
  );
}

function PhaseBar({ phases }: { phases: Phases }) {
  // The keys of the labels are those of the phases.
  const keys = Object.keys(phaseLabels) as (keyof Phases)[];
  const known = keys.flatMap((key) => {
    const ms = phases[key];
    return ms === null ? [] : [{ key, ms }];
  });
  return (
    <ul className="phases" aria-label="Where the time went">
      {known.map(({ key, ms }) => (
        <li key={key}>
          <span className="faint">{phaseLabels[key]}</span> {toDuration(ms)}
        </li>
      ))}
    </ul>
  );
}

function Part(props: { title: string; isOpen?: boolean; children: React.ReactNode }) {
  return (
    <details className="attempt" open={props.isOpen}>
      <summary>{props.title}</summary>
      {props.children}
    </details>
  );
}

function Headers({ first, headers }: { first: string; headers: Readonly<Record<string, string>> }) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return <Body text={[first, ...lines].join("\n")} />;
}

function Body({ text }: { text: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard.
    <pre className="code" dir="auto" tabIndex={0}>
      {text}
    </pre>
  );
}
