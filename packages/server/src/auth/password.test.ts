// How passwords are hashed: with which parameters, in which form, and how many at once.
import { verify } from "@node-rs/argon2";
import { ApiError } from "@trigrun/contract";
import { describe, expect, it } from "vitest";
import { createPasswords, hashOfNobody } from "./password.ts";

describe("createPasswords", () => {
  it("makes argon2id hashes with OWASP's parameters and a salt of their own", async () => {
    const passwords = createPasswords();
    const [a, b] = [await passwords.hash("four words"), await passwords.hash("four words")];
    expect(a).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(a).not.toBe(b);
    expect(passwords.isOutdated(a)).toBe(false);
    expect(passwords.isOutdated("$argon2id$v=19$m=4096,t=2,p=1$x$y")).toBe(true);
  });

  it("knows a password again in whichever form a keyboard writes it, and no other", async () => {
    const passwords = createPasswords();
    const hash = await passwords.hash("Ca\u0301fe\u0301 ① and more");
    expect(await passwords.matches(hash, "C\u00e1f\u00e9 1 and more")).toBe(true);
    expect(await passwords.matches(hash, "Cafe 1 and more")).toBe(false);
  });

  it("matches nothing where there is no hash", async () => {
    expect(await createPasswords().matches(undefined, "four words")).toBe(false);
  });

  it("matches none all the same after the line was full", async () => {
    const passwords = createPasswords();
    const known = await passwords.hash("four words");
    const all = Array.from({ length: 66 }, (_, index) => passwords.hash(`${index}`));
    const busy = { code: "rate_limited" };
    await expect(passwords.matches(undefined, "four words")).rejects.toMatchObject(busy);
    await expect(passwords.matches(known, "four words")).rejects.toMatchObject(busy);
    await Promise.all(all);
    expect(await passwords.matches(undefined, "four words")).toBe(false);
    expect(await passwords.matches(known, "four words")).toBe(true);
  });

  it("works as hard where there is no hash: with the same parameters", async () => {
    const made = await createPasswords().hash("four words");
    const parts = (text: string) => text.split("$").map((part) => part.length);
    // Salt and hash of the lengths that a real one has, so that nothing is refused before the work.
    expect(parts(hashOfNobody)).toEqual(parts(made));
    await expect(verify(hashOfNobody, "four words")).resolves.toBe(false);
  });

  it("lets a bounded number wait, and refuses the rest at once", async () => {
    const passwords = createPasswords();
    const all = Array.from({ length: 70 }, (_, index) => passwords.hash(`${index}`));
    const ended = await Promise.allSettled(all);
    const refused = ended.filter((each) => each.status === "rejected");
    // Two at once and 64 in line.
    expect(refused).toHaveLength(4);
    for (const { reason } of refused) {
      expect(reason).toBeInstanceOf(ApiError);
      expect(reason).toMatchObject({ code: "rate_limited", retryAfterSeconds: 2 });
    }
    expect(await passwords.hash("afterwards")).toContain("$argon2id$");
  });
});
