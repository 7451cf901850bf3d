// An explanation of the API, to be read from top to bottom.

export function Sentences({ sentences }: { sentences: readonly string[] | undefined }) {
  if (sentences === undefined || sentences.length === 0) return null;
  return (
    <ol className="sentences">
      {sentences.map((sentence, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a sentence may come twice; order is all.
        <li key={index} dir="auto">
          {sentence}
        </li>
      ))}
    </ol>
  );
}
