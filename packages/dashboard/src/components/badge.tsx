// A state as a word with a mark and a colour. The words are those of the API; the colour only
// repeats what the mark and the word say.

type Tone = "good" | "bad" | "warn" | "busy" | "calm";

const tones = {
  active: "good",
  paused: "warn",
  draft: "calm",
  completed: "calm",
  queued: "calm",
  running: "busy",
  succeeded: "good",
  failed: "bad",
  cancelled: "warn",
  pending: "calm",
  processing: "busy",
  sent: "good",
  interrupted: "warn",
  enabled: "good",
  disabled: "bad",
} as const satisfies Record<string, Tone>;

const marks: Readonly<Record<Tone, string>> = {
  good: "✓",
  bad: "✕",
  warn: "‖",
  busy: "↻",
  calm: "○",
};

/** A state that a newer server has and this page does not know is shown calmly. */
const toneOf = (state: string): Tone =>
  Object.entries(tones).find(([known]) => known === state)?.[1] ?? "calm";

export function Badge({ state }: { state: string }) {
  const tone = toneOf(state);
  return (
    <span className={`badge ${tone}`}>
      <span aria-hidden="true">{marks[tone]}</span>
      {state}
    </span>
  );
}
