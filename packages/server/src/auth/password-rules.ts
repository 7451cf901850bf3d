// Which passwords are refused although they are long enough: those that are guessed first. Pure.
// NIST SP 800-63B-4, 3.1.1.2, asks for a list of common ones and of words of the context, and
// forbids rules about kinds of characters.

// The commonest of 15 characters and more in public lists of leaked passwords, reduced to what
// `reduce` leaves of them.
const common = new Set([
  "123456789012345",
  "1234567890123456",
  "12345678901234567890",
  "1qaz2wsx3edc4rfv",
  "1q2w3e4r5t6y7u8i",
  "abcdefghijklmno",
  "abcdefghijklmnopqrstuvwxyz",
  "administrator1",
  "changemechangeme",
  "correcthorsebatterystaple",
  "iloveyouiloveyou",
  "letmeinletmein",
  "passwordpassword",
  "password12345678",
  "password123456789",
  "qazwsxedcrfvtgb",
  "qwertyuiop12345",
  "qwertyuiop123456",
  "qwertyuiopasdfg",
  "qwertyuiopasdfghjkl",
  "qwertyuiopasdfghjklzxcvbnm",
  "thisismypassword",
  "trigruntrigrun",
  "trustno1trustno1",
]);

// Fewer different characters than this are a key held down or two of them in turn.
const differentMin = 4;

/** What is wrong with a password for this account; undefined when nothing is. */
export function findPasswordFault(password: string, email: string): string | undefined {
  const reduced = reduce(password);
  const address = reduce(email);
  const [localPart = ""] = email.split("@");
  if (new Set(password.toLowerCase()).size < differentMin)
    return "must not be a few characters repeated";
  if (reduced === address || isRepeated(reduced, address)) {
    return "must not be the e-mail address";
  }
  if (isRepeated(reduced, reduce(localPart))) return "must not be the name of the address";
  if (common.has(reduced) || isRepeated(reduced, "password")) {
    return "is one of the commonest there are: a few words of your own do well";
  }
  return undefined;
}

/** What remains when case, blanks and punctuation, the usual disguises, are gone. */
function reduce(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, "");
}

/** True for nothing but the part, over and over, with digits at the end or without. */
function isRepeated(text: string, part: string): boolean {
  if (part === "") return false;
  const rest = text.replaceAll(part, "");
  return rest !== text && /^\d{0,8}$/.test(rest);
}
