// Keeps the last answers of a pure function, least recently used out first. It must never be given
// a function whose answer may change, and it never grows beyond its bound.

/** Wraps `build` so that the `max` most recently asked keys are answered from memory. */
export function remember<Value>(
  max: number,
  build: (key: string) => Value,
): (key: string) => Value {
  const answers = new Map<string, { value: Value }>();
  return (key) => {
    const known = answers.get(key);
    const answer = known ?? { value: build(key) };
    // A Map lists its keys in the order of insertion, so re-inserting marks a key as just used.
    if (known !== undefined) answers.delete(key);
    answers.set(key, answer);
    if (answers.size > max) {
      const oldest = answers.keys().next();
      if (!oldest.done) answers.delete(oldest.value);
    }
    return answer.value;
  };
}
