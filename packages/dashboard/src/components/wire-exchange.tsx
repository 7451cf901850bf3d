// One request and its answer as they were on the wire: where the time went, headers, bodies. All of
// it is somebody else's text, and shown as text.
import type { Phases } from "@trigrun/contract";
import { Body, Headers } from "./message.tsx";
import { Waterfall } from "./waterfall.tsx";

interface Wire {
  /** Null where none was made, or where it is not kept. */
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string | null;
  } | null;
  readonly response: {
    readonly headers: Readonly<Record<string, string>> | null;
    readonly body: string | null;
    readonly body_truncated: boolean;
  } | null;
  readonly phases: Phases;
}

export function WireExchange({ wire: { request, response, phases } }: { wire: Wire }) {
  return (
    <>
      <Waterfall phases={phases} />
      {request !== null && (
        <>
          <p className="code wire-line" dir="auto">
            {request.method} {request.url}
          </p>
          <Headers label="Request headers" headers={request.headers} />
          <Body label="Request body" text={request.body} />
        </>
      )}
      {response !== null && (
        <>
          <Headers label="Response headers" headers={response.headers} />
          <Body label="Response body" text={response.body} isCut={response.body_truncated} />
        </>
      )}
    </>
  );
}
