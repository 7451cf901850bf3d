// Jobs that rest because they could not be planned: how long, and until what.
import { describe, expect, it } from "vitest";
import { createSetAside } from "./set-aside.ts";

const nextRunAt = new Date("2026-11-23T10:00:00.000Z");
const job = { id: "job_1", nextRunAt };
const at = (seconds: number) => new Date(nextRunAt.getTime() + seconds * 1_000);

describe("a job that is set aside", () => {
  it("rests a second, to the millisecond", () => {
    const aside = createSetAside();
    aside.add(job, at(0));
    expect(aside.readyAt(at(0.999), 10)).toEqual([]);
    expect(aside.readyAt(at(1), 10)).toEqual([job]);
    expect(aside.firstEndAt).toEqual(at(1));
  });

  it("rests twice as long each time, and at most a minute", () => {
    const aside = createSetAside();
    let seconds = 0;
    for (const rest of [1, 2, 4, 8, 16, 32, 60, 60]) {
      aside.add(job, at(seconds));
      expect(aside.firstEndAt).toEqual(at(seconds + rest));
      seconds += rest;
    }
  });

  it("is new once, and again when it fails at another slot or after it was planned", () => {
    const aside = createSetAside();
    expect([aside.add(job, at(0)), aside.add(job, at(1))]).toEqual([true, false]);
    expect(aside.add({ ...job, nextRunAt: at(60) }, at(60))).toBe(true);
    expect([aside.remove(job.id), aside.remove(job.id)]).toEqual([true, false]);
    expect([aside.all(), aside.firstEndAt]).toEqual([[], undefined]);
    expect(aside.add(job, at(61))).toBe(true);
  });

  it("gives way to later ones beyond ten thousand", () => {
    const aside = createSetAside();
    for (let index = 0; index <= 10_000; index += 1) {
      aside.add({ id: `job_${index}`, nextRunAt }, at(0));
    }
    const all = aside.all().map(({ id }) => id);
    expect([all.length, all[0]]).toEqual([10_000, "job_1"]);
  });

  it("is tried again in turn, a few at a time", () => {
    const aside = createSetAside();
    const jobs = ["job_1", "job_2", "job_3"].map((id) => ({ id, nextRunAt }));
    for (const each of jobs) aside.add(each, at(0));
    expect(aside.readyAt(at(1), 2)).toEqual(jobs.slice(0, 2));
    for (const each of jobs.slice(0, 2)) aside.add(each, at(1));
    expect(aside.readyAt(at(3), 2)).toEqual([jobs[2], jobs[0]]);
    expect(aside.firstEndAt).toEqual(at(1));
  });
});
