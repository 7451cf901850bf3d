// The instant everything else asks for. Nouns and loops take a Clock and never read the time
// themselves, so that a test can decide what time it is.

export interface Clock {
  now(): Date;
}

// This machine's own clock: for what never meets a row, such as the age of a log line.
export const systemClock: Clock = { now: () => new Date() };
