// A refusal of the API inside a form: its message, or the wrong fields that have no input of their
// own on the page. What stands at its field is not said a second time, and nothing is lost.
import { ApiError } from "@trigrun/contract";
import { toSentence } from "../data/api.tsx";
import { toComplaint } from "../data/complaint.ts";

interface ErrorNoteProps {
  readonly error: Error | null;
  /** Paths of fields that show by themselves what is wrong with them or with a part of them. */
  readonly shown?: readonly string[];
}

export function ErrorNote({ error, shown = [] }: ErrorNoteProps) {
  if (error === null) return null;
  const details = error instanceof ApiError ? error.details : [];
  const isShown = (path: string) =>
    shown.some((field) => path === field || path.startsWith(`${field}.`));
  const rest = details.filter(({ path }) => !isShown(path));
  return (
    <div className="note bad" role="alert">
      {/* The message of a refusal with details is the first of them. */}
      {details.length === 0 && <p dir="auto">{toSentence(error)}</p>}
      {rest.length < details.length && <p>Look at what is marked above.</p>}
      {rest.map(({ path, message }) => (
        <p key={`${path} ${message}`} dir="auto">
          {toComplaint(path === "" ? "The request" : path, message)}
        </p>
      ))}
    </div>
  );
}
