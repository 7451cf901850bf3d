// What can be done to the job of the page. A copy is a draft, so that it runs only when somebody
// has looked at it.
import type { Job } from "@trigrun/contract";
import { Link, useLocation } from "wouter";
import { Icon } from "../../components/icon.tsx";
import { useJobActions } from "../../components/job-actions.ts";
import { showToast } from "../../components/toast.ts";
import { toSentence, useClient, useWrite } from "../../data/api.tsx";
import { useCommands } from "../../data/commands.ts";
import { toCopy } from "./schedule-input.ts";

export function JobButtons({ job }: { job: Job }) {
  const { pause, resume, activate, run, remove, isBusy } = useJobActions(job);
  const [, navigate] = useLocation();
  const copy = useCopy(job);
  const isPausable = job.state === "active" && job.kind !== "one_time";
  const edit = () => navigate(`/jobs/${job.id}/edit`);
  const removeAndLeave = () => remove(() => navigate("/jobs"));
  useCommands([
    { id: "job.run", title: "Run this job now", keys: "r", run },
    { id: "job.edit", title: "Change this job", keys: "e", run: edit },
    ...(isPausable ? [{ id: "job.pause", title: "Pause this job", keys: "p", run: pause }] : []),
    ...(job.state === "paused"
      ? [{ id: "job.resume", title: "Resume this job", keys: "p", run: resume }]
      : []),
    { id: "job.copy", title: "Duplicate this job", run: copy },
    { id: "job.delete", title: "Delete this job", run: removeAndLeave },
  ]);
  return (
    <>
      <button type="button" className="primary" disabled={isBusy} onClick={run}>
        <Icon name="run" /> Run now
      </button>
      {isPausable && (
        <button type="button" disabled={isBusy} onClick={pause}>
          <Icon name="pause" /> Pause
        </button>
      )}
      {job.state === "paused" && (
        <button type="button" disabled={isBusy} onClick={resume}>
          <Icon name="play" /> Resume
        </button>
      )}
      {job.state === "draft" && (
        <button type="button" disabled={isBusy} onClick={activate}>
          <Icon name="play" /> Activate
        </button>
      )}
      <Link href={`/jobs/${job.id}/edit`} className="button">
        Edit
      </Link>
      <button type="button" onClick={copy}>
        Duplicate
      </button>
      <button type="button" className="danger" disabled={isBusy} onClick={removeAndLeave}>
        <Icon name="trash" /> Delete
      </button>
    </>
  );
}

// As many as a new job takes along.
const rulesMax = 50;

function useCopy(job: Job): () => void {
  const [, navigate] = useLocation();
  const client = useClient();
  const remove = useWrite("deleteJob", {
    stales: ["listJobs"],
    onDone: () => navigate(`/jobs/${job.id}`),
  });
  const create = useWrite("createJob", {
    stales: ["listJobs"],
    onDone: ({ id, name }) => {
      navigate(`/jobs/${id}`);
      showToast({
        text: `${name} is a draft. Change what differs, then activate it.`,
        action: { label: "Undo", run: () => remove.mutate({ params: { id } }) },
      });
    },
  });
  return () => {
    client.listRules({ params: { id: job.id }, query: { limit: rulesMax } }).then(
      ({ items }) => create.mutate({ body: toCopy(job, items) }),
      (error: unknown) => showToast({ text: toSentence(error), tone: "bad" }),
    );
  };
}
