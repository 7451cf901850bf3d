// A credential that a service gives out as one word: a key, a token. It may stand in a header, so
// it must never hold a blank, a line break or anything beyond ASCII.
import { text } from "../api/fields.ts";

// Ours: JSON Web Tokens, the longest that anybody gives out, are seldom over 1,000 characters.
const charsMax = 2000;

export const credential = text(1, charsMax).refine(
  (value) => /^[\x21-\x7e]+$/.test(value),
  "must be a key or token as the service shows it: no blanks, letters and signs of ASCII",
);
