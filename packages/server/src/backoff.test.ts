// Reading Retry-After, steps after deaths, and lengths in sentences.
import { describe, expect, it } from "vitest";
import { deathStep, formatLength, readRetryAfter } from "./backoff.ts";

const now = new Date("2026-03-01T10:00:00.000Z");

describe("readRetryAfter", () => {
  it.each([
    [undefined, undefined],
    ["", undefined],
    ["0", 0],
    [" 120 ", 120_000],
    ["-5", undefined],
    ["1.5", undefined],
    ["soon", undefined],
    ["2026", 2_026_000],
    ["Sun, 01 Mar 2026 10:01:00 GMT", 60_000],
    ["Sunday, 01-Mar-26 10:01:00 GMT", 60_000],
    ["Sun Mar  1 10:01:00 2026 GMT", 60_000],
    ["Sat, 28 Feb 2026 10:00:00 GMT", 0],
  ])("reads %j as %j", (value, expected) => {
    expect(readRetryAfter(value, now)).toBe(expected);
  });
});

describe("deathStep", () => {
  it.each([
    [1, 0],
    [2, 1_000],
    [3, 2_000],
    [9, 128_000],
  ])("after %d deaths is %d ms", (deaths, milliseconds) => {
    expect(deathStep(deaths)).toBe(milliseconds);
  });
});

describe("formatLength", () => {
  it.each([
    [0, "0 ms"],
    [999, "999 ms"],
    [5_000, "5 s"],
    [120_000, "2 min"],
    [7_200_000, "2 h"],
  ])("says %d as %s", (milliseconds, expected) => {
    expect(formatLength(milliseconds)).toBe(expected);
  });
});
