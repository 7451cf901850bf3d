// The form of a job, for a new one and for one that is there: what is wrong stands at its field,
// what was typed stays whatever happens, and leaving with it unsaved asks once.
import { useRef, useState } from "react";
import { Link } from "wouter";
import { ErrorNote } from "../../components/error-note.tsx";
import { TextField } from "../../forms/field.tsx";
import { useLeaveGuard } from "../../forms/leave-guard.ts";
import { type DraftErrors, errorAt, findErrors, type JobDraft, readRefusal } from "./job-draft.ts";
import { RequestSection } from "./request-section.tsx";
import { RulesSection } from "./rules-section.tsx";
import { ScheduleSection } from "./schedule-section.tsx";
import "./job-form.css";

interface JobFormProps {
  readonly initial: JobDraft;
  readonly isNew: boolean;
  /** False where not all rules of the job are in the draft. */
  readonly hasRules: boolean;
  readonly backHref: string;
  readonly error: Error | null;
  readonly isSaving: boolean;
  /** `leave` is called before the page is left with everything saved. */
  readonly onSave: (draft: JobDraft, state: "active" | "draft", leave: () => void) => void;
}

// What has an input of its own, and so shows its error there.
const fields = [
  ...["name", "schedule", "notification_rules"],
  ...["url", "method", "headers", "body", "timeout_seconds", "success_statuses"].map(
    (field) => `request.${field}`,
  ),
  ...["retry_policy.max_attempts", "retry_policy.retry_on_statuses"],
];

export function JobForm(props: JobFormProps) {
  const { initial, isNew, hasRules, backHref, error, isSaving, onSave } = props;
  const [draft, setDraft] = useState(initial);
  const [ownErrors, setOwnErrors] = useState<DraftErrors>({});
  // The draft that the API refused: once it is changed, its complaints are of the past.
  const [refused, setRefused] = useState<JobDraft | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const leave = useLeaveGuard(JSON.stringify(draft) !== JSON.stringify(initial));
  const change = (part: Partial<JobDraft>) => {
    setDraft((before) => ({ ...before, ...part }));
    setOwnErrors({});
  };
  const save = (state: "active" | "draft") => {
    const found = findErrors(draft);
    setOwnErrors(found);
    setRefused(draft);
    if (Object.keys(found).length === 0) onSave(draft, state, leave);
    else setTimeout(() => form.current?.querySelector<HTMLElement>("[aria-invalid]")?.focus());
  };
  const refusals = refused === draft ? readRefusal(error) : {};
  const errors = { ...refusals, ...ownErrors };
  const isWrong = Object.keys(ownErrors).length > 0;
  const section = { draft, errors, change };
  return (
    <form
      ref={form}
      className="job-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        save("active");
      }}
    >
      <section className="card">
        <TextField
          {...{ label: "Name", name: "name", autoComplete: "off", placeholder: "nightly-backup" }}
          value={draft.name}
          error={errorAt(errors, "name")}
          onChange={(name) => change({ name })}
        />
      </section>
      <ScheduleSection {...section} />
      <RequestSection {...section} />
      <RetrySection {...section} />
      {hasRules && <RulesSection {...section} />}
      {!isWrong && <ErrorNote error={error} shown={refused === draft ? fields : []} />}
      <div className="actions save-bar">
        <button type="submit" className="primary" disabled={isSaving}>
          {isNew ? "Create the job" : "Save the changes"}
        </button>
        {isNew && (
          <button type="button" disabled={isSaving} onClick={() => save("draft")}>
            Save a draft
          </button>
        )}
        <Link href={backHref} className="button quiet">
          Cancel
        </Link>
        {isWrong && (
          <p className="field-error" role="alert">
            Look at the fields marked above.
          </p>
        )}
      </div>
    </form>
  );
}

function RetrySection({ draft, errors, change }: Parameters<typeof RulesSection>[0]) {
  return (
    <section className="card">
      <h2>When it fails</h2>
      <div className="pair">
        <TextField
          {...{ label: "Attempts", name: "attempts", autoComplete: "off" }}
          help="1 to 20, the first one counts."
          value={draft.maxAttempts}
          error={errorAt(errors, "retry_policy.max_attempts")}
          onChange={(maxAttempts) => change({ maxAttempts })}
        />
        <TextField
          {...{ label: "Statuses tried again", name: "retry-statuses", autoComplete: "off" }}
          help="Time-outs and broken connections are tried again anyway."
          value={draft.retryStatuses}
          error={errorAt(errors, "retry_policy.retry_on_statuses")}
          onChange={(retryStatuses) => change({ retryStatuses })}
        />
      </div>
    </section>
  );
}
