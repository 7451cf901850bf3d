// Where a job is changed, and whom it tells. A schedule that was left as it was is not sent, since
// a changed one counts from now.
import { useState } from "react";
import { useLocation, useParams } from "wouter";
import { PageHeader } from "../../components/page-header.tsx";
import { ErrorState, Loading } from "../../components/states.tsx";
import { showToast } from "../../components/toast.ts";
import {
  type AnswerOf,
  type InputOf,
  toSentence,
  useClient,
  useRead,
  useRefresh,
  useWrite,
} from "../../data/api.tsx";
import { useZone } from "../../data/me.tsx";
import { type JobDraft, toDraft, toNewJob } from "./job-draft.ts";
import { JobForm } from "./job-form.tsx";
import { toRuleChanges } from "./rule-changes.ts";

type Job = AnswerOf<"getJob">;

export function EditJobPage() {
  const { id = "" } = useParams<{ id: string }>();
  const job = useRead("getJob", { params: { id } });
  const rules = useRead("listRules", { params: { id }, query: { limit: rulesMax } });
  if (job.data === undefined || rules.data === undefined) {
    const failed = [job, rules].find(({ error }) => error !== null);
    if (failed?.error == null) return <Loading what="the job" />;
    return <ErrorState error={failed.error} again={() => void failed.refetch()} what="job" />;
  }
  return <EditForm key={id} job={job.data} rules={rules.data} />;
}

// As many as a list answers at once; a job with more of them is told of on its page alone.
const rulesMax = 100;

interface EditFormProps {
  readonly job: Job;
  readonly rules: AnswerOf<"listRules">;
}

function EditForm({ job, rules }: EditFormProps) {
  const [, navigate] = useLocation();
  const zone = useZone();
  const saveRules = useSaveRules(job.id);
  // What is typed is not overwritten by what is read anew meanwhile.
  const [{ initial, before }] = useState(() => ({
    ...{ initial: toDraft(job, rules.items, zone), before: rules.items },
  }));
  const update = useWrite("updateJob", {
    stales: ["listJobs", "getJob"],
    showsError: true,
  });
  return (
    <>
      <PageHeader title={`Change ${job.name}`} />
      <JobForm
        initial={initial}
        isNew={false}
        hasRules={rules.next_cursor === null}
        backHref={`/jobs/${job.id}`}
        error={update.error}
        isSaving={update.isPending}
        onSave={(draft, _state, leave) => {
          const body = toPatch(initial, draft);
          const onSuccess = async ({ id, name }: Job) => {
            const fault = await saveRules(toRuleChanges(before, draft.rules));
            leave();
            if (fault === undefined) showToast({ text: `Saved ${name}.`, tone: "good" });
            else showToast({ text: `Saved ${name}, but not whom it tells: ${fault}`, tone: "bad" });
            navigate(`/jobs/${id}`);
          };
          update.mutate({ params: { id: job.id }, body }, { onSuccess });
        }}
      />
    </>
  );
}

/** Answers the first reason why not all of it was done; undefined when it was. */
function useSaveRules(id: string) {
  const client = useClient();
  const refresh = useRefresh();
  return async ({ added, removed }: ReturnType<typeof toRuleChanges>) => {
    const faults: string[] = [];
    const keep = (error: unknown) => void faults.push(toSentence(error));
    for (const ruleId of removed) {
      await client.removeRule({ params: { id, rule_id: ruleId } }).catch(keep);
    }
    for (const { channelId, event } of added) {
      const body = { channel_id: channelId, event };
      await client.addRule({ params: { id }, body }).catch(keep);
    }
    refresh(["listRules"]);
    return faults[0];
  };
}

function toPatch(initial: JobDraft, draft: JobDraft): InputOf<"updateJob">["body"] {
  const before = toNewJob(initial, "active");
  const { name, kind, schedule, request, retry_policy: retry } = toNewJob(draft, "active");
  const isSame = kind === before.kind && text(schedule) === text(before.schedule);
  return {
    ...{ name, request, retry_policy: retry },
    ...(isSame ? {} : { kind, schedule: schedule ?? {} }),
  };
}

const text = (value: unknown) => JSON.stringify(value);
