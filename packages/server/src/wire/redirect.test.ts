// Where a redirect leads and what goes along.

import { describe, expect, it } from "vitest";
import { followRedirect, type Hop, isRedirect, showUrl } from "./redirect.ts";

function hop(more: Partial<Hop> = {}): Hop {
  return {
    url: new URL("https://a.example/one?x=1"),
    method: "POST",
    headers: {},
    body: "{}",
    ...more,
  };
}

describe("a redirect", () => {
  it("is 301, 302, 303, 307 and 308 alone", () => {
    const all = Array.from({ length: 600 }, (_each, status) => status);
    expect(all.filter(isRedirect)).toEqual([301, 302, 303, 307, 308]);
  });

  it.each([
    [301, "POST", "GET", null],
    [302, "POST", "GET", null],
    [303, "POST", "GET", null],
    [307, "POST", "POST", "{}"],
    [308, "POST", "POST", "{}"],
    [301, "PUT", "PUT", "{}"],
    [302, "PATCH", "PATCH", "{}"],
    [303, "PUT", "GET", null],
    [303, "DELETE", "GET", null],
    [303, "HEAD", "HEAD", "{}"],
    [303, "GET", "GET", "{}"],
    [301, "HEAD", "HEAD", "{}"],
  ])("by %i turns %s into %s", (status, method, next, body) => {
    expect(followRedirect(hop({ method }), status, "/two")).toMatchObject({ method: next, body });
  });

  it.each([
    ["/two", "https://a.example/two"],
    ["two?y=2", "https://a.example/two?y=2"],
    ["?y=2", "https://a.example/one?y=2"],
    ["//b.example/", "https://b.example/"],
    ["http://a.example/", "http://a.example/"],
    ["HTTPS://B.EXAMPLE", "https://b.example/"],
    ["/grün", "https://a.example/gr%C3%BCn"],
    ["file:///etc/passwd", "file:///etc/passwd"],
  ])("to %s leads to %s", (location, href) => {
    expect(followRedirect(hop(), 307, location)?.url.href).toBe(href);
  });

  it.each(["http://", "http://a b/", "https://1.2.3.4.5/"])("to %j leads nowhere", (location) => {
    expect(followRedirect(hop(), 307, location)).toBeUndefined();
  });

  const headers = {
    Accept: "*/*",
    "Content-Type": "application/json",
    "content-length": "2",
    Authorization: "Bearer hunter2",
    Cookie: "s=hunter2",
    "Proxy-Authorization": "Basic hunter2",
    Host: "internal.example",
    "X-Api-Key": "hunter2",
    "X-Auth-Token": "hunter2",
    "webhook-signature": "v1,hunter2",
    "X-Hub-Signature-256": "hunter2",
    "X-Client-Secret": "hunter2",
    "X-Session-Id": "hunter2",
    "x-trace": "1",
  };

  it("within the origin keeps every header but those of a dropped body", () => {
    expect(followRedirect(hop({ headers }), 308, "/two")?.headers).toEqual(headers);
    const { "Content-Type": _type, "content-length": _length, ...rest } = headers;
    expect(followRedirect(hop({ headers }), 303, "/two")?.headers).toEqual(rest);
  });

  it.each([
    "https://b.example/",
    "http://a.example/one",
    "https://a.example:8443/one",
    "https://sub.a.example/",
  ])("to the other origin %s leaves all that sounds like a credential behind", (location) => {
    expect(followRedirect(hop({ headers }), 307, location)?.headers).toEqual({
      Accept: "*/*",
      "Content-Type": "application/json",
      "content-length": "2",
      "x-trace": "1",
    });
  });

  it("to another origin leaves the headers behind that it is told to, and within it none", () => {
    const next = (to: string) => followRedirect(hop({ headers }), 307, to, ["x-trace"])?.headers;
    expect(next("/two")).toEqual(headers);
    expect(next("https://b.example/")).not.toHaveProperty("x-trace");
  });
});

describe("an address shown to people", () => {
  it("has neither query nor fragment nor password", () => {
    const url = new URL("https://user:hunter2@a.example:8443/path?key=hunter2#hunter2");
    expect(showUrl(url)).toBe("https://a.example:8443/path?…");
    expect(showUrl(new URL("http://a.example"))).toBe("http://a.example/");
  });
});
