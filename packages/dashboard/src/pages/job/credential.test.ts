// Which headers are hidden on the page of a job.
import { describe, expect, it } from "vitest";
import { isCredential } from "./credential.ts";

describe("isCredential", () => {
  it.each([
    ["Authorization", "Bearer abc"],
    ["X-Api-Key", "abc"],
    ["cookie", "a=b"],
    // A reference beside a plain value hides nothing of that.
    ["authorization", "Basic abc secret://rest"],
    ["X-Signature", "secret://name and more"],
  ])("hides %s: %s", (name, value) => {
    expect(isCredential(name, value)).toBe(true);
  });

  it.each([
    ["authorization", "Bearer secret://stripe-key"],
    ["x-api-key", "secret://key"],
    ["content-type", "application/json"],
  ])("shows %s: %s", (name, value) => {
    expect(isCredential(name, value)).toBe(false);
  });
});
