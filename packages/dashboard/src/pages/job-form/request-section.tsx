// What a job calls: address, headers, body, and when the answer counts as a success.
import { methods } from "@trigrun/contract";
import { useList } from "../../data/list.ts";
import { Labelled, TextField } from "../../forms/field.tsx";
import { MapField } from "../../forms/map-field.tsx";
import { type BodyKind, errorAt, type JobDraft } from "./job-draft.ts";
import { RequestTrial } from "./request-trial.tsx";
import type { SectionProps } from "./section.ts";

const headerHelp =
  "Keep credentials out of the job: write secret://name, and the secret is filled in when it runs.";

export function RequestSection({ draft, errors, change }: SectionProps) {
  const secrets = useList("listSecrets", { query: { limit: 100 } });
  const references = secrets.items.map(({ name }) => `secret://${name}`);
  const error = (field: string) => errorAt(errors, `request.${field}`);
  return (
    <section className="card">
      <h2>Request</h2>
      <div className="method-and-url">
        <Labelled label="Method" error={error("method")}>
          {(wires) => (
            <select
              {...wires}
              value={draft.method}
              // The options are the methods.
              onChange={(event) => change({ method: event.target.value as JobDraft["method"] })}
            >
              {methods.map((method) => (
                <option key={method}>{method}</option>
              ))}
            </select>
          )}
        </Labelled>
        <TextField
          {...{ label: "URL", name: "url", autoComplete: "off" }}
          placeholder="https://api.example.com/run"
          value={draft.url}
          error={error("url")}
          onChange={(url) => change({ url })}
        />
      </div>
      <MapField
        {...{ label: "Headers", help: headerHelp, isSecret: false, suggestions: references }}
        value={draft.headers}
        error={error("headers")}
        onChange={(headers) => change({ headers })}
      />
      <BodyField {...{ draft, change }} error={error("body")} />
      <details className="more-fields" open={hasError(errors)}>
        <summary>Time-out, success and redirects</summary>
        <TextField
          {...{ label: "Time-out in seconds", name: "timeout", autoComplete: "off" }}
          value={draft.timeoutSeconds}
          error={error("timeout_seconds")}
          onChange={(timeoutSeconds) => change({ timeoutSeconds })}
        />
        <TextField
          {...{ label: "Statuses of success", name: "success", autoComplete: "off" }}
          help="Separated by commas. Any other status is a failure."
          value={draft.successStatuses}
          error={error("success_statuses")}
          onChange={(successStatuses) => change({ successStatuses })}
        />
        <label className="check">
          <input
            type="checkbox"
            checked={draft.followsRedirects}
            onChange={(event) => change({ followsRedirects: event.target.checked })}
          />
          <span>Follow redirects</span>
        </label>
      </details>
      <RequestTrial draft={draft} />
    </section>
  );
}

/** What is wrong must be seen. Undefined leaves the rest to whoever opens it. */
function hasError(errors: SectionProps["errors"]): true | undefined {
  const inside = ["request.timeout_seconds", "request.success_statuses"];
  return inside.some((field) => errorAt(errors, field) !== undefined) || undefined;
}

const bodyKinds: readonly (readonly [BodyKind, string])[] = [
  ["none", "No body"],
  ["json", "JSON"],
  ["text", "Text"],
];

interface BodyFieldProps {
  readonly draft: JobDraft;
  readonly error: string | undefined;
  readonly change: SectionProps["change"];
}

function BodyField({ draft: { bodyKind, body }, error, change }: BodyFieldProps) {
  return (
    <>
      <fieldset className="segments">
        <legend>Body</legend>
        {bodyKinds.map(([kind, label]) => (
          <label key={kind}>
            <input
              type="radio"
              name="body-kind"
              checked={kind === bodyKind}
              onChange={() => change({ bodyKind: kind })}
            />
            <span>{label}</span>
          </label>
        ))}
      </fieldset>
      {bodyKind !== "none" && (
        <Labelled label={bodyKind === "json" ? "JSON body" : "Text body"} error={error}>
          {(wires) => (
            <textarea
              {...wires}
              className="code"
              rows={6}
              spellCheck={false}
              value={body}
              onChange={(event) => change({ body: event.target.value })}
            />
          )}
        </Labelled>
      )}
    </>
  );
}
