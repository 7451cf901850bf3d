// What stands where there is nothing else to show: loading, empty, not found, failed. Each says
// what is the case and what to do next.
import { ApiError } from "@trigrun/contract";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { toSentence } from "../data/api.tsx";

// As many as fill the first screen; the real list comes before anybody counts.
const bars = ["a", "b", "c", "d", "e", "f"];

export function Loading({ what }: { what: string }) {
  return (
    <div className="skeleton" role="status">
      <span className="unseen">Loading {what}</span>
      {bars.map((bar) => (
        <div key={bar} className="bar" />
      ))}
    </div>
  );
}

export function PageLoading() {
  return (
    <main className="page alone">
      <Loading what="the page" />
    </main>
  );
}

interface EmptyProps {
  readonly title: string;
  readonly children?: ReactNode;
}

export function Empty({ title, children }: EmptyProps) {
  return (
    <div className="state">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

export function NotFound({ what }: { what: string }) {
  return (
    <Empty title={`There is no such ${what}`}>
      <p>It may have been deleted, or belong to another workspace.</p>
      <Link href="/" className="button">
        Go to the overview
      </Link>
    </Empty>
  );
}

interface ErrorProps {
  readonly error: Error;
  readonly again: () => void;
  /** What was asked for, where it may not exist: "job". */
  readonly what?: string;
}

export function ErrorState({ error, again, what }: ErrorProps) {
  const isMissing = error instanceof ApiError && error.code === "not_found";
  if (isMissing && what !== undefined) return <NotFound what={what} />;
  return (
    <div className="state" role="alert">
      <h2>This could not be loaded</h2>
      <p dir="auto">{toSentence(error)}</p>
      <button type="button" onClick={again}>
        Try again
      </button>
    </div>
  );
}

export function PageError(props: ErrorProps) {
  return (
    <main className="page alone">
      <ErrorState {...props} />
    </main>
  );
}
