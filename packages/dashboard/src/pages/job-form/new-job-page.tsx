// Where a job is created, active at once or as a draft.
import { useLocation } from "wouter";
import { PageHeader } from "../../components/page-header.tsx";
import { showToast } from "../../components/toast.ts";
import { type AnswerOf, useWrite } from "../../data/api.tsx";
import { useZone } from "../../data/me.tsx";
import { toNewDraft, toNewJob } from "./job-draft.ts";
import { JobForm } from "./job-form.tsx";

export function NewJobPage() {
  const [, navigate] = useLocation();
  const zone = useZone();
  const create = useWrite("createJob", {
    stales: ["listJobs"],
    showsError: true,
  });
  return (
    <>
      <PageHeader title="New job" />
      <JobForm
        initial={toNewDraft(zone)}
        isNew
        hasRules
        backHref="/jobs"
        error={create.error}
        isSaving={create.isPending}
        onSave={(draft, state, leave) => {
          const onSuccess = ({ id, name }: AnswerOf<"createJob">) => {
            leave();
            showToast({ text: `Created ${name}${state === "draft" ? " as a draft" : ""}.` });
            navigate(`/jobs/${id}`);
          };
          create.mutate({ body: toNewJob(draft, state) }, { onSuccess });
        }}
      />
    </>
  );
}
