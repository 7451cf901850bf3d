// Which passwords are refused, and that nothing else is.
import { describe, expect, it } from "vitest";
import { findPasswordFault } from "./password-rules.ts";

const email = "ada.lovelace@example.com";

describe("findPasswordFault", () => {
  it.each([
    "four words nobody guesses",
    "ada likes analytical engines",
    "🐢🦊🐙🦉🐳🐢🦊🐙🦉🐳🐢🦊🐙🦉🐳",
    "пароль из четырёх слов",
    "1234567890 and then some",
    "                 x y z",
  ])("takes %s", (password) => {
    expect(findPasswordFault(password, email)).toBeUndefined();
  });

  it.each([
    ["ada.lovelace@example.com", /e-mail address/],
    ["ADA.LOVELACE@EXAMPLE.COM2026", /e-mail address/],
    ["adalovelace-adalovelace", /name of the address/],
    ["Ada Lovelace 1815 1852", /name of the address/],
    ["aaaaaaaaaaaaaaa", /repeated/],
    ["abababababababab", /repeated/],
    ["               ", /repeated/],
    ["Password Password!", /commonest/],
    ["password12345678", /commonest/],
    ["1234-5678-9012-345", /commonest/],
    ["Correct Horse Battery Staple", /commonest/],
  ])("refuses %s", (password, words) => {
    expect(findPasswordFault(password, email)).toMatch(words);
  });

  it("does not mistake an address without letters for a part of everything", () => {
    expect(findPasswordFault("four words nobody guesses", "_@example.com")).toBeUndefined();
  });
});
