// What the overview shows while there is nothing to look over: a channel, a test, a job, in this
// order, each with what is done already.
import type { ReactNode } from "react";
import { Link } from "wouter";
import { useList } from "../../data/list.ts";
import { useMayWrite } from "../../data/me.tsx";

const one = { query: { limit: 1 } };

/** Null until it is known, so that nobody sees the steps flash by. */
export function useIsNew(): boolean | null {
  const jobs = useList("listJobs", one);
  if (jobs.isPending) return null;
  return jobs.error === null && jobs.items.length === 0;
}

export function FirstSteps() {
  const mayWrite = useMayWrite();
  const channel = useList("listChannels", one).items[0];
  if (!mayWrite) {
    return (
      <section className="card">
        <h2>Nothing runs here yet</h2>
        <p>Once an admin of this workspace has created a job, you see here how it goes.</p>
      </section>
    );
  }
  return (
    <section className="card">
      <h2>Three steps to the first run</h2>
      <ol className="steps">
        <Step
          {...{ number: 1, isDone: channel !== undefined, title: "Say who is told" }}
          text="A channel is an address that hears how jobs went: a webhook, mailboxes, a chat."
        >
          <Link
            href="/channels/new"
            className={channel === undefined ? "button primary" : "button"}
          >
            {channel === undefined ? "Create a channel" : "Create another"}
          </Link>
        </Step>
        <Step
          {...{ number: 2, isDone: false, title: "Send it a test" }}
          text="So that you know now, and not at the first failure, that messages arrive."
        >
          {channel !== undefined && (
            <Link href={`/channels/${channel.id}`} className="button">
              Open the channel
            </Link>
          )}
        </Step>
        <Step
          {...{ number: 3, isDone: false, title: "Create a job" }}
          text="A job is an HTTP request with a schedule. It may run at once, to try it out."
        >
          <Link href="/jobs/new" className={channel === undefined ? "button" : "button primary"}>
            Create a job
          </Link>
        </Step>
      </ol>
    </section>
  );
}

interface StepProps {
  readonly number: number;
  readonly isDone: boolean;
  readonly title: string;
  readonly text: string;
  /** The way there. */
  readonly children: ReactNode;
}

function Step({ number, isDone, title, text, children }: StepProps) {
  return (
    <li>
      <span className={isDone ? "step-number is-done" : "step-number"} aria-hidden="true">
        {isDone ? "✓" : number}
      </span>
      <span className="two-lines">
        <strong>
          {title}
          {isDone && <span className="unseen"> (done)</span>}
        </strong>
        <span className="faint">{text}</span>
      </span>
      {children}
    </li>
  );
}
