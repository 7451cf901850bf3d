// What is measured, by name: one registry of a process, which the parts tell through plain calls.
// No label holds a name, an id or an address that a user chose, so its rows stay few and harmless.
import { attemptStatuses, channelTypes, triggers } from "@trigrun/contract";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

const queueNames = ["executions", "deliveries"] as const;
export type Queue = (typeof queueNames)[number];

/** What is asked of the database when somebody looks. */
export interface QueueLook {
  readonly queues: Readonly<Record<Queue, { readonly due: number; readonly oldestMs: number }>>;
  /** How long ago the next slot of any job should have been planned; 0 when none is late. */
  readonly plannerLagMs: number;
}

export interface Gauges {
  look(): Promise<QueueLook>;
  pool(): { readonly busy: number; readonly idle: number; readonly waiting: number };
  /** Milliseconds since each loop's last pass that did not fail. */
  passAges(): readonly { readonly loop: string; readonly ageMs: number }[];
}

export interface Metrics {
  readonly contentType: string;
  /** Lets process and parts be looked at when somebody asks; before it, they have no rows. */
  watch(gauges: Gauges): void;
  attempt(status: string, first?: { readonly trigger: string; readonly lateMs: number }): void;
  executionEnded(status: string): void;
  slots(count: { readonly run: number; readonly missed: number }): void;
  deliveryTry(channelType: string, verdict: string): void;
  deliveryEnded(channelType: string, status: string): void;
  rescued(queue: Queue, count: number): void;
  settled(queue: Queue, count: { readonly settled: number; readonly lost: number }): void;
  /** The page, in the text format of Prometheus. */
  render(): Promise<string>;
}

// From what nobody notices to what somebody must look at: the promise is a tenth of a second, a
// restart takes seconds, an outage minutes.
const latenessBuckets = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 3_600];
// A commit takes 500 at most.
const batchBuckets = [1, 2, 5, 10, 25, 50, 100, 250, 500];
// Several scrapers, or one that is impatient, cost the database one look in so many milliseconds.
const lookEveryMs = 5_000;
const verdicts = ["sent", "retry", "permanent"] as const;

export function createMetrics(version: string): Metrics {
  const registry = new Registry();
  const registers = [registry];
  new Gauge({
    ...{ name: "trigrun_build_info", help: "1, with the version of TrigRun and of Node." },
    ...{ labelNames: ["version", "node"], registers },
  }).set({ version, node: process.version }, 1);
  const counters = createCounters(registry);
  const { attempts, ended, slots, tries, deliveriesEnded, rescues, leasesLost } = counters;
  const lateness = new Histogram({
    name: "trigrun_execution_lateness_seconds",
    help: "From the due moment of an execution to the start of its first request.",
    ...{ labelNames: ["trigger"], buckets: latenessBuckets, registers },
  });
  for (const trigger of triggers) lateness.zero({ trigger });
  const batches = new Histogram({
    name: "trigrun_settle_batch_size",
    help: "Results that one commit took.",
    ...{ labelNames: ["queue"], buckets: batchBuckets, registers },
  });
  for (const queue of queueNames) batches.zero({ queue });
  // Watching the event loop wakes the process a hundred times a second, more often than all else
  // does while it has nothing to do: it begins with the first who wants to know.
  let isWatched = false;
  let isProcessWatched = false;
  return {
    contentType: registry.contentType,
    watch(gauges) {
      isWatched = true;
      addGauges(registry, gauges);
    },
    attempt(status, first) {
      attempts.inc({ status });
      if (first) lateness.observe({ trigger: first.trigger }, first.lateMs / 1_000);
    },
    executionEnded: (status) => ended.inc({ status }),
    slots({ run, missed }) {
      slots.inc({ fate: "run" }, run);
      slots.inc({ fate: "missed" }, missed);
    },
    deliveryTry: (channelType, verdict) => tries.inc({ channel_type: channelType, verdict }),
    deliveryEnded: (channelType, status) =>
      deliveriesEnded.inc({ channel_type: channelType, status }),
    rescued: (queue, count) => rescues.inc({ queue }, count),
    settled(queue, { settled, lost }) {
      batches.observe({ queue }, settled + lost);
      leasesLost.inc({ queue }, lost);
    },
    render() {
      if (isWatched && !isProcessWatched) collectDefaultMetrics({ register: registry });
      isProcessWatched ||= isWatched;
      return registry.metrics();
    },
  };
}

function createCounters(registry: Registry) {
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Counter({ name, help, labelNames, registers: [registry] });
  const counters = {
    attempts: counter("trigrun_attempts_total", "Requests of jobs, by what came of them.", [
      "status",
    ]),
    ended: counter("trigrun_executions_ended_total", "Executions that this node ran to an end.", [
      "status",
    ]),
    slots: counter("trigrun_slots_total", "Slots of schedules: run, or recorded as missed.", [
      "fate",
    ]),
    tries: counter("trigrun_delivery_tries_total", "Tries to send, by the receiver's verdict.", [
      "channel_type",
      "verdict",
    ]),
    deliveriesEnded: counter("trigrun_deliveries_ended_total", "Deliveries that ended here.", [
      "channel_type",
      "status",
    ]),
    rescues: counter("trigrun_lease_rescues_total", "Rows taken over from nodes that died.", [
      "queue",
    ]),
    leasesLost: counter("trigrun_leases_lost_total", "Results that came after their lease.", [
      "queue",
    ]),
  };
  // A row that appears with its first event has no rate; with a zero before it, it has.
  for (const status of attemptStatuses) counters.attempts.inc({ status }, 0);
  for (const status of ["succeeded", "failed"]) counters.ended.inc({ status }, 0);
  for (const fate of ["run", "missed"]) counters.slots.inc({ fate }, 0);
  for (const queue of queueNames) {
    counters.rescues.inc({ queue }, 0);
    counters.leasesLost.inc({ queue }, 0);
  }
  for (const channelType of Object.keys(channelTypes)) {
    const labels = { channel_type: channelType };
    for (const verdict of verdicts) counters.tries.inc({ ...labels, verdict }, 0);
    for (const status of ["sent", "failed"]) counters.deliveriesEnded.inc({ ...labels, status }, 0);
  }
  return counters;
}

function addGauges(registry: Registry, { look, pool, passAges }: Gauges): void {
  const registers = [registry];
  const sharedLook = shareFor(lookEveryMs, look);
  // What is not known has no row: 0 would say that nothing waits.
  const seen = () => sharedLook().catch(() => undefined);
  new Gauge({
    ...{ name: "trigrun_database_up", help: "1 when the database answered just now.", registers },
    async collect() {
      this.set((await seen()) === undefined ? 0 : 1);
    },
  });
  new Gauge({
    name: "trigrun_queue_due",
    help: "Rows that are due and that no node has taken, 100000 at most. The same on every node.",
    ...{ labelNames: ["queue"], registers },
    async collect() {
      this.reset();
      const queues = (await seen())?.queues;
      for (const queue of queueNames) if (queues) this.set({ queue }, queues[queue].due);
    },
  });
  new Gauge({
    name: "trigrun_queue_oldest_seconds",
    help: "How long the oldest of them is due. The same on every node.",
    ...{ labelNames: ["queue"], registers },
    async collect() {
      this.reset();
      const queues = (await seen())?.queues;
      for (const queue of queueNames) {
        if (queues) this.set({ queue }, queues[queue].oldestMs / 1_000);
      }
    },
  });
  new Gauge({
    name: "trigrun_planner_lag_seconds",
    help: "How long the next slot of any job is due without being planned. The same on every node.",
    registers,
    async collect() {
      this.set(((await seen())?.plannerLagMs ?? Number.NaN) / 1_000);
    },
  });
  new Gauge({
    ...{ name: "trigrun_database_connections", help: "Connections of this node's pool." },
    ...{ labelNames: ["state"], registers },
    collect() {
      this.set({ state: "busy" }, pool().busy);
      this.set({ state: "idle" }, pool().idle);
    },
  });
  new Gauge({
    ...{ name: "trigrun_database_waiting", help: "Callers that wait for a free connection." },
    registers,
    collect() {
      this.set(pool().waiting);
    },
  });
  new Gauge({
    name: "trigrun_loop_last_pass_seconds",
    help: "How long ago each loop of this node last did its work without a failure.",
    ...{ labelNames: ["loop"], registers },
    collect() {
      for (const { loop, ageMs } of passAges()) this.set({ loop }, ageMs / 1_000);
    },
  });
}

/** One answer for all who ask within so many milliseconds. */
function shareFor<T>(milliseconds: number, ask: () => Promise<T>): () => Promise<T> {
  let shared: { readonly answer: Promise<T>; readonly untilMs: number } | undefined;
  return () => {
    if (shared === undefined || performance.now() >= shared.untilMs) {
      shared = { answer: ask(), untilMs: performance.now() + milliseconds };
    }
    return shared.answer;
  };
}
