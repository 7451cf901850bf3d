// What one receiver has to show at the end of the story: what it took, and what broke its rules.

export interface Ledger {
  /** The channel that leads here. */
  readonly channel: string;
  /** The event that each message taken was about; a repeat counts once. */
  readonly accepted: string[];
  /** What was refused, or taken and yet wrong, a sentence each. None in a good run. */
  readonly problems: string[];
}

export function createLedger(channel: string): Ledger {
  return { channel, accepted: [], problems: [] };
}
