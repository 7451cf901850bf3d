// One schedule: chance, out of one seed, decides what happens next to two nodes at work, and which
// of it goes wrong; then everything comes to its end without faults, and is judged. The same seed
// makes the same schedule.

import type { Log } from "../../src/log.ts";
import { cancelExecutions } from "../../src/run/canceller.ts";
import { type Database, sql } from "../../src/store/db.ts";
import { createSeededRandom, type SeededRandom } from "../fault/seeded-random.ts";
import { findLosses } from "../support/proof.ts";
import { type Ask, type Fate, openDoor, type Spoil, type Straggler } from "./door.ts";
import { type FarSide, openFarSide, type PendingCall } from "./far-side.ts";
import { createNode, publicUrl, type SimulatedNode } from "./node.ts";
import { type SimulatedTime, simulateTime } from "./time.ts";
import type { World } from "./world.ts";

export interface Course {
  readonly seed: number;
  /** What does not hold in the end; empty for a good one. */
  readonly losses: readonly string[];
  /** What happened, step by step. */
  readonly trace: readonly string[];
  /** How often each kind of fault was met. */
  readonly faults: ReadonlyMap<string, number>;
}

const hourMs = 3_600_000;
// Within a month; at the end of one, or where the ids of what belongs to it end (an hour and two
// before; see history-months.ts).
const beforeBorderMs = [240 * hourMs, 0, hourMs, 2 * hourMs] as const;
// As near that slots, tries and the node's own times lie on both sides.
const aheadMsMax = 10_000;
const nodesMax = 2;
// Some of them statements, some timers, calls, faults: enough for two crashes and a second life.
const stepsMin = 30;
const stepsMax = 90;
const crashesMax = 2;
// PostgreSQL ends a statement after 30 s, so none that is late takes effect later than that.
const stragglerMsMax = 29_000;
// While nothing says when it goes on: a heartbeat.
const restMs = 5_000;
// Ten minutes of simulated time or more: what has not ended then never will.
const roundsMax = 150;
const drainMax = 3_000;

export async function runSchedule(world: World, seed: number, spoil?: Spoil): Promise<Course> {
  const random = createSeededRandom(seed);
  const startMs = Math.round(
    world.borderMs - random.pick(beforeBorderMs) - random.between(0, aheadMsMax),
  );
  await world.setTime(startMs);
  const acknowledged = await world.prepare(random, startMs);
  const time = simulateTime(startMs);
  const schedule = new Schedule({ world, time, random, spoil });
  try {
    await schedule.unrest();
    await schedule.rest();
  } finally {
    time.restore();
  }
  const { trace, faults } = schedule;
  return { seed, losses: await schedule.judge(acknowledged), trace, faults };
}

interface Parts {
  readonly world: World;
  readonly time: SimulatedTime;
  readonly random: SeededRandom;
  readonly spoil: Spoil | undefined;
}

interface Late extends Straggler {
  readonly byMs: number;
}

/**
 * Two faults that the product meets with a repeat instead of a record, which is known and written
 * down (docs/operating/faults.md), so they are not looked for: the lost answer to a take-over,
 * whose rows go back as if they had not begun, and a release that takes effect after the next
 * claim.
 */
function toFate({ name, isTransaction }: Ask, fate: Fate): Fate {
  if (fate === "cut" && !isTransaction) return "pass";
  const isTakeOver = name.startsWith("with dead as");
  if (isTakeOver && (fate === "mute" || fate === "delay")) return "lose";
  const isRelease = /^update (executions|deliveries) set node_id/.test(name);
  return isRelease && fate === "delay" ? "mute" : fate;
}

class Schedule {
  readonly trace: string[] = [];
  readonly faults = new Map<string, number>();
  readonly #world: World;
  readonly #time: SimulatedTime;
  readonly #random: SeededRandom;
  readonly #database: Database;
  readonly #farSide: FarSide;
  readonly #nodes = new Map<string, SimulatedNode>();
  readonly #stragglers = new Set<Late>();
  readonly #cancelled = new Set<string>();
  readonly #errors: string[] = [];
  #born = 0;
  #crashes = 0;
  #toldMs: number;

  constructor({ world, time, random, spoil }: Parts) {
    this.#world = world;
    this.#time = time;
    this.#toldMs = time.nowMs();
    this.#random = random;
    this.#database = spoil === undefined ? world.db : spoil(world.db);
    this.#farSide = openFarSide(time);
  }

  async unrest(): Promise<void> {
    const steps = this.#random.between(stepsMin, stepsMax);
    for (let step = 0; step < steps; step += 1) await this.#step();
  }

  /** One step of whatever chance picks. */
  async #step(): Promise<void> {
    const dice = this.#random.next;
    if (this.#nodes.size === 0 || (this.#nodes.size < nodesMax && dice() < 0.2)) {
      return this.#bear();
    }
    if (dice() < 0.15) return this.#disturb();
    const due = this.#time.timers().filter(({ dueMs }) => dueMs <= this.#time.nowMs());
    const choices = [
      ...this.#asks().map((ask) => () => this.#let(ask, this.#pickFate())),
      ...due.map((timer) => () => this.#time.fire(timer)),
      ...this.#farSide.calls().map((call) => () => this.#go(call)),
      ...[...this.#stragglers].map((late) => () => this.#arrive(late)),
    ];
    const chosen = choices[Math.floor(dice() * choices.length)];
    if (chosen !== undefined && dice() > 0.05) return chosen();
    await this.#pass(chosen === undefined ? this.#untilNextTimer() : dice() * 2_000);
  }

  async #disturb(): Promise<void> {
    const dice = this.#random.next;
    const nodes: readonly SimulatedNode[] = [...this.#nodes.values()];
    const node = nodes[Math.floor(dice() * nodes.length)];
    if (node === undefined) return;
    const kind = dice();
    if (kind < 0.2) return this.#crash(node);
    if (kind < 0.35) return this.#cancelOne();
    if (kind < 0.5) {
      this.#note("clock", `${node.id} falls behind`);
      node.fallBehind(dice() < 0.5 ? 3_600_000 : dice() * 5_000);
    } else if (kind < 0.6) {
      this.#note("lapse", "all stand still past the leases");
      await this.#pass(20_000 + dice() * 5_000);
    } else if (kind < 0.8) {
      const loops = ["planner", "runner", "sender", undefined];
      const loop = loops[Math.floor(dice() * loops.length)];
      await this.#time.actAs(node.id, () => node.wake(loop));
    } else await this.#pass(dice() * 1_000);
  }

  #pickFate(): Fate {
    const dice = this.#random.next();
    if (dice < 0.05) return "lose";
    if (dice < 0.1) return "mute";
    if (dice < 0.14) return "delay";
    return dice < 0.18 ? "cut" : "pass";
  }

  async #let(ask: Ask, fate: Fate): Promise<void> {
    await this.#tellTime();
    const met = toFate(ask, fate);
    if (met === "pass") this.trace.push(`${ask.owner} ${ask.name}`);
    else this.#note(met, `${ask.owner} ${ask.name}: ${met}`);
    const straggler = await ask.meet(met, this.#random.next);
    if (straggler === undefined) return;
    this.#stragglers.add({ ...straggler, byMs: this.#time.nowMs() + stragglerMsMax });
  }

  async #arrive(late: Late): Promise<void> {
    await this.#tellTime();
    this.#stragglers.delete(late);
    this.trace.push(`late: ${late.name}`);
    await late.arrive();
  }

  async #go(call: PendingCall): Promise<void> {
    const dice = this.#random.next();
    if (!call.hasArrived && dice < 0.7) return call.arrive();
    const how =
      dice < 0.7
        ? { status: 200 }
        : dice < 0.8
          ? { status: 503 }
          : dice < 0.88
            ? "reset"
            : dice < 0.95 || call.hasArrived
              ? "expire"
              : "refuse";
    this.trace.push(`${call.owner} is answered ${JSON.stringify(how)}`);
    await call.end(how);
  }

  async #bear(): Promise<void> {
    this.#born += 1;
    const id = `node_${this.#born}`;
    this.trace.push(`${id} starts`);
    const door = openDoor(this.#database, this.#time, id);
    const node = createNode({
      ...{ id, door, farSide: this.#farSide, time: this.#time, dice: this.#random.next },
      log: this.#createLog(id),
    });
    this.#nodes.set(id, node);
    await this.#time.actAs(id, () => node.start());
  }

  /** Its memory is gone; what it has sent is not. */
  async #crash(node: SimulatedNode): Promise<void> {
    if (this.#crashes === crashesMax) return;
    this.#crashes += 1;
    const asks = node.door.asks();
    // Half of the time something was on its way, which arrives.
    const [ask] = asks;
    if (ask !== undefined && this.#random.next() < 0.5) {
      await this.#tellTime();
      await ask.meet("mute", this.#random.next);
    }
    this.#note("crash", `${node.id} crashes`);
    this.#forget(node);
  }

  #forget({ id, door }: SimulatedNode): void {
    door.forget();
    this.#time.forget(id);
    this.#farSide.forget(id);
    this.#nodes.delete(id);
  }

  /** As a client does, in one transaction. The notice of it may be lost. */
  async #cancelOne(): Promise<void> {
    await this.#tellTime();
    const [row] = await this.#world.db.rows<{ id: string }>(
      sql`select id from executions where due_at is not null
        order by job_id, scheduled_for limit 1`,
    );
    if (row === undefined) return;
    this.#note("cancel", "a client cancels an execution");
    const now = new Date(this.#time.nowMs());
    const cancel = { executionIds: [row.id], reason: "cancelled by a client", now, publicUrl };
    await this.#time.inReality(() =>
      this.#world.db.transaction((tx) => cancelExecutions(tx, cancel)),
    );
    this.#cancelled.add(row.id);
    if (this.#random.next() < 0.3) return;
    for (const node of this.#nodes.values()) {
      await this.#time.actAs(node.id, () => node.cancel(row.id));
    }
  }

  /** Time goes on; what is late must take effect before its time is up. */
  async #pass(ms: number): Promise<void> {
    const untilMs = this.#time.nowMs() + ms;
    for (const late of this.#stragglers) if (late.byMs <= untilMs) await this.#arrive(late);
    this.#time.advanceTo(untilMs);
  }

  #untilNextTimer(): number {
    const dues = this.#time.timers().map(({ dueMs }) => dueMs - this.#time.nowMs());
    // A second, when nothing is left that moves by itself.
    return dues.length === 0 ? 1_000 : Math.max(0, Math.min(...dues));
  }

  /** One node, no more faults, until everything has ended. */
  async rest(): Promise<void> {
    for (const late of this.#stragglers) await this.#arrive(late);
    const [, ...others] = this.#nodes.values();
    for (const node of others) this.#forget(node);
    if (this.#nodes.size === 0) await this.#bear();
    for (let round = 0; round < roundsMax; round += 1) {
      await this.#drain();
      await this.#tellTime();
      const [id = ""] = this.#nodes.keys();
      const { open, nextMs } = await this.#world.look(id);
      if (open === 0) return;
      const nowMs = this.#time.nowMs();
      // Timers are late here, as on a busy machine: each fires once, in its order.
      this.#time.advanceTo(Number.isFinite(nextMs) ? Math.max(nextMs, nowMs + 1) : nowMs + restMs);
    }
    this.#errors.push("It does not come to its end.");
  }

  async #drain(): Promise<void> {
    for (let step = 0; step < drainMax; step += 1) {
      const [ask] = this.#asks();
      const [call] = this.#farSide.calls();
      const nowMs = this.#time.nowMs();
      const [timer] = this.#time
        .timers()
        .filter(({ dueMs }) => dueMs <= nowMs)
        .sort((one, other) => one.dueMs - other.dueMs);
      if (ask !== undefined) await this.#let(ask, "pass");
      else if (call !== undefined) await call.end({ status: 200 });
      else if (timer !== undefined) await this.#time.fire(timer);
      else return;
    }
    this.#errors.push("It does not come to rest.");
  }

  async judge(acknowledged: ReadonlyMap<string, string>): Promise<string[]> {
    const rows = await this.#world.db.rows<{ attempt: string }>(
      sql`select execution_id || ' ' || number as attempt from attempts`,
    );
    const recorded = new Set(rows.map(({ attempt }) => attempt));
    const isKept = ({ executionId, attempt }: FarSide["targetCalls"][number]) =>
      !this.#cancelled.has(executionId) || recorded.has(`${executionId} ${attempt}`);
    const witnesses = {
      // A call whose execution was cancelled under it is no attempt.
      targetCalls: this.#farSide.targetCalls.filter(isKept),
      webhookCalls: this.#farSide.webhookCalls,
      ...{ acknowledged, refused: new Set<string>() },
    };
    const losses = await findLosses(this.#world.db, witnesses);
    return [
      ...this.#errors,
      // By the node's own record, which may be an hour old here; the far side's is true.
      ...losses.filter((loss) => !loss.startsWith("Not true: no slot is run before its moment")),
      ...(await this.#findEarly()),
    ];
  }

  async #findEarly(): Promise<string[]> {
    const rows = await this.#world.db.rows<{ id: string; scheduled_for: Date }>(
      sql`select id, scheduled_for from executions`,
    );
    const slots = new Map(rows.map((row) => [row.id, row.scheduled_for.getTime()]));
    return this.#farSide.targetCalls
      .filter(({ executionId, atMs }) => atMs < (slots.get(executionId) ?? 0))
      .map(({ executionId }) => `${executionId} is called before its moment`);
  }

  #asks(): Ask[] {
    return [...this.#nodes.values()].flatMap(({ door }) => door.asks());
  }

  async #tellTime(): Promise<void> {
    const nowMs = this.#time.nowMs();
    if (nowMs === this.#toldMs) return;
    this.#toldMs = nowMs;
    await this.#time.inReality(() => this.#world.setTime(nowMs));
  }

  #note(fault: string, line: string): void {
    this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1);
    this.trace.push(line);
  }

  /** A fault is met with a warning at most; an error would be the product's own. */
  #createLog(id: string): Log {
    const ignore = () => undefined;
    return {
      ...{ debug: ignore, info: ignore, warn: ignore },
      error: ({ err }, message) => {
        this.#errors.push(`${id} logs an error: ${message} (${String(err)})`);
      },
    };
  }
}
