// What accounts are made of on the wire: addresses, passwords, people, roles.
import { z } from "zod";
import { parseMailAddress } from "../channels/mail-address.ts";
import { id, name, text } from "./fields.ts";

/** An address that an account or an invitation is for. Its domain comes out in lower case. */
export const accountEmail = text(3, 254)
  .transform((value, context) => {
    const address = parseMailAddress(value.normalize("NFC").trim());
    // Channels take the stand-in "[email protected]" of copied pages; no person has it.
    if (address?.startsWith("[") === false) return address;
    context.addIssue({ code: "custom", message: "must be an e-mail address" });
    return z.NEVER;
  })
  .meta({ description: "E-mail address.", example: "ada@example.com" });

// NIST SP 800-63B-4, 3.1.1.2: a password that is the only factor has at least 15 characters, each
// Unicode code point counted as one; verifiers take at least 64. 128 is room for any passphrase.
export const passwordCharsMin = 15;
export const passwordCharsMax = 128;

export function countCharacters(value: string): number {
  return [...value].length;
}

/** A password to be set. No rule of composition: NIST SP 800-63B-4 forbids them. */
export const newPassword = z
  .string()
  // A code point takes one or two UTF-16 units; this bound keeps the count below cheap.
  .max(passwordCharsMax * 2)
  .refine((value) => {
    const length = countCharacters(value);
    return length >= passwordCharsMin && length <= passwordCharsMax;
  }, `must have ${passwordCharsMin} to ${passwordCharsMax} characters: a few words do well`)
  .meta({
    format: "password",
    description:
      `${passwordCharsMin} to ${passwordCharsMax} characters of any kind. Very common ones and ` +
      "the address itself are refused.",
    example: "four words nobody guesses",
  });

/** A password to be checked: an old rule may have let it be shorter. */
export const givenPassword = z
  .string()
  .min(1)
  .max(passwordCharsMax * 2)
  .meta({ format: "password", example: "four words nobody guesses" });

export const trustLevels = ["pending_verification", "verified", "trusted"] as const;
export type TrustLevel = (typeof trustLevels)[number];

/** A person, as they see themselves. */
export const user = z
  .object({
    id: id("user"),
    name: z.string(),
    email: z.string(),
    trust_level: z.enum(trustLevels).meta({
      description:
        "`pending_verification` reads only, where this installation sends mail; `verified` " +
        "becomes `trusted` after 48 hours.",
    }),
  })
  .meta({ id: "User" });
export type User = z.output<typeof user>;

/** A person, as others of the workspace see them. */
export const person = z.object({ id: id("user"), name: z.string(), email: z.string() });

export const memberRoles = ["member", "admin", "owner"] as const;
export const memberRole = z.enum(memberRoles);
export type MemberRole = z.output<typeof memberRole>;

export const personName = name.meta({ description: "For people to read.", example: "Ada" });

/** The secret of a link that was mailed or handed over. */
export const linkToken = text(1, 200).meta({
  description: "What stands behind the `#` of the link.",
  example: "Vb0xV0c3Vv1mXr8x2y4nq6ZrJd9s5f7uE1w3tKhLpQk",
});
