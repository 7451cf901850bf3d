// When a job runs: its kind, what the kind asks for, and the next runs as the server has them.
import type { Job } from "@trigrun/contract";
import { useRead } from "../../data/api.tsx";
import { useRested } from "../../data/rested.ts";
import { Labelled, TextField } from "../../forms/field.tsx";
import { CronBuilder } from "./cron-builder.tsx";
import { errorAt, findDateErrors, readRefusal, toSchedule } from "./job-draft.ts";
import { NextRuns } from "./next-runs.tsx";
import type { SectionProps } from "./section.ts";
import { ZoneField } from "./zone-field.tsx";

const kinds: readonly (readonly [Job["kind"], string])[] = [
  ["cron", "At set times"],
  ["recurring", "Every few minutes"],
  ["scheduled", "Once, later"],
  ["one_time", "Once, now"],
];

// Enough to see a pattern, and a weekend.
const count = 5;

export function ScheduleSection({ draft, errors: given, change }: SectionProps) {
  const { kind } = draft;
  const dateErrors = findDateErrors(draft);
  const isUnset = Object.keys(dateErrors).length > 0;
  const asked = useRested(toSchedule(draft));
  const isOff = asked.kind === "one_time" || isUnset;
  const preview = useRead("previewSchedule", { body: { ...asked, count } }, { isOff });
  // While something is typed the answer is about what was there before.
  const isCurrent = JSON.stringify(asked) === JSON.stringify(toSchedule(draft));
  const refused = isCurrent ? readRefusal(preview.error) : {};
  // A field that is still empty is wrong only once it was to be saved.
  const found = isCurrent && draft.runAt !== "" ? dateErrors : {};
  const errors = { ...refused, ...found, ...given };
  return (
    <section className="card">
      <h2>Schedule</h2>
      <fieldset className="segments">
        <legend className="unseen">Kind of schedule</legend>
        {kinds.map(([each, label]) => (
          <label key={each}>
            <input
              type="radio"
              name="kind"
              checked={each === kind}
              onChange={() => change({ kind: each })}
            />
            <span>{label}</span>
          </label>
        ))}
      </fieldset>
      {kind === "recurring" && (
        <TextField
          {...{ label: "Minutes between runs", name: "minutes", autoComplete: "off" }}
          help="1 to 1440. They count from the moment it is saved."
          value={draft.everyMinutes}
          error={errorAt(errors, "schedule.every_n_minutes")}
          onChange={(everyMinutes) => change({ everyMinutes })}
        />
      )}
      {kind === "cron" && (
        <CronBuilder
          cron={draft.cron}
          error={errorAt(errors, "schedule.cron")}
          onChange={(cron) => change({ cron })}
        />
      )}
      {kind === "scheduled" && (
        <Labelled label="Date and time" error={errorAt(errors, "schedule.run_at")}>
          {(wires) => (
            <input
              {...wires}
              type="datetime-local"
              value={draft.runAt}
              onChange={(event) => change({ runAt: event.target.value })}
            />
          )}
        </Labelled>
      )}
      {(kind === "cron" || kind === "scheduled") && (
        <ZoneField
          value={draft.zone}
          error={errorAt(errors, "schedule.timezone")}
          onChange={(zone) => change({ zone })}
        />
      )}
      {kind === "one_time" ? (
        <p className="faint">It runs once it is saved, unless it is a draft.</p>
      ) : (
        <NextRuns
          runs={isUnset ? [] : preview.data?.items}
          isWrong={isUnset || preview.error !== null}
          zone={draft.zone}
        />
      )}
    </section>
  );
}
