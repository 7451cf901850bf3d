// Where a job is changed. A schedule that was left as it was is not sent, since a changed one
// counts from now.
import { useState } from "react";
import { useLocation, useParams } from "wouter";
import { PageHeader } from "../../components/page-header.tsx";
import { ErrorState, Loading } from "../../components/states.tsx";
import { showToast } from "../../components/toast.ts";
import { type AnswerOf, type InputOf, useRead, useWrite } from "../../data/api.tsx";
import { useZone } from "../../data/me.tsx";
import { type JobDraft, toDraft, toNewJob } from "./job-draft.ts";
import { JobForm } from "./job-form.tsx";

type Job = AnswerOf<"getJob">;

export function EditJobPage() {
  const { id = "" } = useParams<{ id: string }>();
  const { data: job, error, refetch } = useRead("getJob", { params: { id } });
  if (job === undefined) {
    if (error === null) return <Loading what="the job" />;
    return <ErrorState error={error} again={() => void refetch()} what="job" />;
  }
  return <EditForm key={job.id} job={job} />;
}

function EditForm({ job }: { job: Job }) {
  const [, navigate] = useLocation();
  const zone = useZone();
  // What is typed is not overwritten by what is read anew meanwhile.
  const [initial] = useState(() => toDraft(job, zone));
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
        backHref={`/jobs/${job.id}`}
        error={update.error}
        isSaving={update.isPending}
        onSave={(draft, _state, leave) => {
          const body = toPatch(initial, draft);
          const onSuccess = ({ id, name }: Job) => {
            leave();
            showToast({ text: `Saved ${name}.`, tone: "good" });
            navigate(`/jobs/${id}`);
          };
          update.mutate({ params: { id: job.id }, body }, { onSuccess });
        }}
      />
    </>
  );
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
