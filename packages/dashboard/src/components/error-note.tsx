// A refusal of the API inside a form: its message, and the wrong fields that have no input of their
// own on the page, so that nothing the server said is lost.
import { ApiError } from "@trigrun/contract";
import { toSentence } from "../data/api.tsx";

interface ErrorNoteProps {
  readonly error: Error | null;
  /** Paths that the form shows by itself. */
  readonly shown?: readonly string[];
}

export function ErrorNote({ error, shown = [] }: ErrorNoteProps) {
  if (error === null) return null;
  const details = error instanceof ApiError ? error.details : [];
  const rest = details.filter(({ path }) => !shown.includes(path));
  return (
    <div className="note bad" role="alert">
      <p dir="auto">{toSentence(error)}</p>
      {rest.length > 0 && (
        <ul>
          {rest.map(({ path, message }) => (
            <li key={`${path} ${message}`} dir="auto">
              {path === "" ? message : `${path} ${message}`}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
