// The instant everything else asks for. Nouns and loops take a Clock and never read the time
// themselves, so that a test can decide what time it is.

export interface Clock {
  now(): Date;
}
