// `cronctl next`: when a job or a cron expression is due, with notes where a clock change matters.
import type { Job, Sent, TrigRunApi } from "@trigrun/contract";
import type { Command } from "commander";
import { usageError } from "../errors.ts";
import { positiveNumber } from "../flags.ts";
import { examples, onRun, type Run } from "../leaf.ts";
import { resolveJobId } from "../lookup.ts";
import type { Session } from "../session.ts";
import { renderRuns } from "../views/job.ts";

type Question = Sent<TrigRunApi["previewSchedule"]>["body"];

interface NextFlags {
  readonly cron?: string;
  readonly timezone?: string;
  readonly count?: number;
}

export function defineNext(next: Command, run: Run): void {
  next
    .argument("[job]", "name or id of the job")
    .option("--cron <expression>", "a cron expression instead of a job")
    .option("--timezone <zone>", "IANA name of the zone it means (default UTC)")
    .option("-n, --count <n>", "how many runs (default 10, at most 100)", positiveNumber);
  examples(
    next,
    "cronctl next nightly-backup",
    'cronctl next --cron "30 2 * * *" --timezone America/New_York -n 20',
  );
  onRun(next, run, async (session, job: string | undefined, flags: NextFlags) => {
    if ((job === undefined) === (flags.cron === undefined)) {
      throw usageError("Give either a job or --cron EXPRESSION.");
    }
    if (job !== undefined && flags.timezone !== undefined) {
      throw usageError("--timezone goes with --cron; a job has its own.");
    }
    const question = job === undefined ? questionOfCron(flags) : await questionOfJob(session, job);
    const answer = question === undefined ? { items: [] } : await ask(session, question, flags);
    session.show(answer, (runs) => (runs.items.length === 0 ? "" : renderRuns(runs, session.view)));
    if (answer.items.length === 0) session.hint("No run is due any more.");
  });
}

async function ask(session: Session, question: Question, { count }: NextFlags) {
  return session.client.previewSchedule({
    body: { ...question, ...(count === undefined ? {} : { count }) },
  });
}

function questionOfCron({ cron = "", timezone }: NextFlags): Question {
  return { kind: "cron", schedule: { cron, ...(timezone === undefined ? {} : { timezone }) } };
}

async function questionOfJob(session: Session, name: string): Promise<Question | undefined> {
  const { client } = session;
  const job = await client.getJob({ params: { id: await resolveJobId(client, name) } });
  if (job.state === "paused") session.hint("The job is paused: these are due once it is resumed.");
  if (job.state === "draft") session.hint("It is a draft: these are due once it is activated.");
  return toQuestion(job);
}

const minuteMs = 60_000;

/** The schedule of a job as the preview takes it; undefined when the job has ended. */
export function toQuestion({ kind, state, schedule, next_run_at: nextAt }: Job) {
  return state === "completed" ? undefined : questionOf(kind, schedule, nextAt);
}

function questionOf(kind: Job["kind"], schedule: Job["schedule"], nextAt: string | null): Question {
  switch (kind) {
    case "recurring": {
      const minutes = schedule.every_n_minutes ?? 1;
      const question = { kind, schedule: { every_n_minutes: minutes } };
      if (nextAt === null) return question;
      // The preview counts from `from`, the job from its creation: one interval before the next
      // run both agree.
      const from = new Date(new Date(nextAt).getTime() - minutes * minuteMs).toISOString();
      return { ...question, from };
    }
    case "cron":
      return {
        kind,
        schedule: { cron: schedule.cron ?? "", timezone: schedule.timezone ?? "UTC" },
      };
    case "scheduled":
      return { kind, schedule: { run_at: schedule.run_at ?? "" } };
    case "one_time":
      return { kind, schedule: {} };
  }
}
