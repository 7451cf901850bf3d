// Asks once before something that cannot be undone. The safe answer has the focus.
import { useRef, useState } from "react";
import { createStore, useStore } from "../data/store.ts";
import { Dialog } from "./dialog.tsx";

export interface Question {
  readonly title: string;
  /** What will be, in one or two sentences. */
  readonly text: string;
  /** What the button does: "Delete 3 jobs". */
  readonly button: string;
}

interface Asked extends Question {
  readonly answer: (isYes: boolean) => void;
}

const asked = createStore<Asked | null>(null);

/** `if (await confirm({ title, text, button })) …` */
export function confirm(question: Question): Promise<boolean> {
  return new Promise((resolve) => {
    asked.get()?.answer(false);
    asked.set({
      ...question,
      answer: (isYes) => {
        asked.set(null);
        resolve(isYes);
      },
    });
  });
}

export function ConfirmHost() {
  const question = useStore(asked);
  return question === null ? null : <ConfirmDialog {...question} />;
}

function ConfirmDialog({ title, text, button, answer }: Asked) {
  // A second press, of somebody who is quick, must not answer the next question.
  const [isAnswered, setAnswered] = useState(false);
  const safe = useRef<HTMLButtonElement>(null);
  const reply = (isYes: boolean) => {
    setAnswered(true);
    answer(isYes);
  };
  return (
    <Dialog title={title} onClose={() => reply(false)} first={safe}>
      <p dir="auto">{text}</p>
      <div className="actions end">
        <button ref={safe} type="button" disabled={isAnswered} onClick={() => reply(false)}>
          Keep it
        </button>
        <button type="button" className="danger" disabled={isAnswered} onClick={() => reply(true)}>
          {button}
        </button>
      </div>
    </Dialog>
  );
}
