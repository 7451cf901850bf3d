// Rules of encryption at rest: nothing opens in another row, with another key, or changed.
import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createVault, VaultRefused } from "./vault.ts";

const first = { version: 1, key: randomBytes(32) };
const second = { version: 2, key: randomBytes(32) };
const value = { secret: "whsec_abc", headers: { Authorization: "Bearer ünïcode" } };

describe("createVault", () => {
  it("gives back what was sealed", () => {
    const vault = createVault([first]);
    expect(vault.open("chan_1", vault.seal("chan_1", value))).toEqual(value);
  });

  it("hides the value and never seals it the same way twice", () => {
    const vault = createVault([first]);
    const sealed = vault.seal("chan_1", value);
    expect(sealed.includes(Buffer.from("whsec_abc"))).toBe(false);
    expect(sealed.equals(vault.seal("chan_1", value))).toBe(false);
  });

  it("refuses a value that was moved to another row", () => {
    const vault = createVault([first]);
    expect(() => vault.open("chan_2", vault.seal("chan_1", value))).toThrow(VaultRefused);
  });

  it("refuses a value of which any bit was changed", () => {
    const vault = createVault([first]);
    const sealed = vault.seal("chan_1", value);
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      expect(() => vault.open("chan_1", changed), `byte ${at}`).toThrow(VaultRefused);
    }
  });

  it("refuses a value that was cut short", () => {
    const vault = createVault([first]);
    const sealed = vault.seal("chan_1", value);
    for (let length = 0; length < sealed.length; length++) {
      expect(() => vault.open("chan_1", sealed.subarray(0, length))).toThrow(VaultRefused);
    }
  });

  it("opens with older keys and seals with the newest", () => {
    const old = createVault([first]).seal("chan_1", value);
    const vault = createVault([second, first]);
    expect(vault.open("chan_1", old)).toEqual(value);
    const sealed = vault.seal("chan_1", value);
    expect(() => createVault([first]).open("chan_1", sealed)).toThrow(/encryption key 2/);
    expect(createVault([second]).open("chan_1", sealed)).toEqual(value);
  });

  it("refuses a value of the same version under another key, without quoting anything", () => {
    const sealed = createVault([first]).seal("chan_1", value);
    const other = createVault([{ version: 1, key: second.key }]);
    expect(() => other.open("chan_1", sealed)).toThrow(VaultRefused);
    try {
      other.open("chan_1", sealed);
    } catch (error) {
      expect(String(error)).not.toContain("whsec");
      expect(String(error)).not.toContain(first.key.toString("hex"));
    }
  });

  it("fingerprints alike what is alike, under one key", () => {
    const fingerprint = createVault([first]).fingerprint("a");
    expect(createVault([first]).fingerprint("a")).toEqual(fingerprint);
    expect(createVault([first]).fingerprint("b")).not.toEqual(fingerprint);
    expect(createVault([second]).fingerprint("a")).not.toEqual(fingerprint);
  });

  it("learns keys while it is in use, turns to one, and keeps its fingerprints", () => {
    const vault = createVault([first]);
    const fingerprint = vault.fingerprint("a");
    const old = vault.seal("chan_1", value);
    vault.learn([second, { version: 1, key: second.key }]);
    expect(vault.versions).toEqual([2, 1]);
    expect(vault.version).toBe(1);
    vault.sealWith(2);
    expect(vault.open("chan_1", old)).toEqual(value);
    expect(createVault([second]).open("chan_1", vault.seal("chan_1", value))).toEqual(value);
    expect(vault.fingerprint("a")).toEqual(fingerprint);
    expect(() => vault.sealWith(3)).toThrow();
  });
});
