// A value once it rests: what is asked of the server while somebody types.
import { useEffect, useState } from "react";

// Between two strokes of somebody who types slowly.
const restMs = 300;

/** `value` must be made of text: it is compared as JSON, and so may be a new object each time. */
export function useRested<T>(value: T, ms = restMs): T {
  const [rested, setRested] = useState(value);
  const key = JSON.stringify(value);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for the value.
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), ms);
    return () => clearTimeout(timer);
  }, [key, ms]);
  return rested;
}
