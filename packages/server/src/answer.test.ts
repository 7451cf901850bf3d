// What is shown of a call: no cookie, no credential, no character that PostgreSQL refuses.
import { expect, it } from "vitest";
import { scrubHeaders, showHeaders, showPhases } from "./answer.ts";
import { createScrubber } from "./scrub.ts";

const scrub = createScrubber(new Map([["s3cret-s3cret", "***"]]));

it("shows the headers of an answer without cookies and without what it was sent", () => {
  const headers = {
    "set-cookie": "session=1",
    "x-echo": "you sent s3cret-s3cret\0",
    "x-s3cret-s3cret": "in a name",
  };
  expect(showHeaders(headers, scrub)).toEqual({
    "x-echo": "you sent ***",
    "x-***": "in a name",
  });
  expect(scrubHeaders({ "set-cookie": "of ours" }, scrub)).toEqual({ "set-cookie": "of ours" });
});

it("names phases as the wire does, and all of them", () => {
  const phases = { dnsMs: 1, connectMs: 2, tlsMs: null, firstByteMs: 4, bodyMs: 5 };
  const shown = { dns_ms: 1, connect_ms: 2, tls_ms: null, first_byte_ms: 4, body_ms: 5 };
  expect(showPhases(phases)).toEqual(shown);
  const none = { dns_ms: null, connect_ms: null, tls_ms: null, first_byte_ms: null, body_ms: null };
  expect(showPhases(null)).toEqual(none);
  expect(showPhases(undefined)).toEqual(none);
});
