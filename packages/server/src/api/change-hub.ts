// Those who watch their workspace: one look a second for all of them, and only while there are any.
// It must never hold more for a slow client than a bound, nor anybody beyond the end of a token.
import { Readable } from "node:stream";
import { ApiError, type Changes } from "@trigrun/contract";
import type { Identity } from "../auth/permission.ts";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import { groupByWorkspace, readChanges, type Standing } from "../store/changes.ts";
import type { Database } from "../store/db.ts";

export interface ChangeHub {
  /** A stream of events that ends by itself after so many seconds. */
  open(identity: Identity, seconds: number): Readable;
  /** Ends every stream. */
  stop(): Promise<void>;
}

export interface ChangeHubOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
}

// What a person takes for at once.
const lookEveryMs = 1_000;
// A row is committed within this time of its making; later ones are seen while they are open.
const overlapMs = 5_000;
// Well within the 60 s after which common proxies give up a silent line.
const heartbeatMs = 15_000;
// Where too much happens to be told, a client reads its pages again this often.
const resetEveryMs = 10_000;
// A thousand changes or more, beside what the sockets hold: who is behind by that is cut off, and
// begins anew with a reset.
const bufferedMax = 256 * 1024;
// A person has some tabs, a workspace some dozens of people; 1,000 streams take some 50 MB, and
// what is buffered for those of them that are behind.
const perCallerMax = 20;
const perWorkspaceMax = 200;
const perNodeMax = 1_000;

interface Watcher {
  readonly stream: Readable;
  readonly identity: Identity;
  readonly endsAt: number;
  hasBegun: boolean;
}

/** What one look has found. */
interface News {
  /** By workspace, as it is sent; empty where nothing has changed. */
  readonly texts: ReadonlyMap<string, string>;
  readonly alive: ReadonlySet<string>;
  readonly isBeat: boolean;
  readonly now: Date;
}

/** What a workspace was seen to be, the last time. */
interface Memory {
  /** By id, with what of it would be told. */
  readonly known: ReadonlyMap<string, { readonly mark: string; readonly standing: Standing }>;
  readonly lastResetAt: number;
  /** Something could not be told, so soon after the last reset that the next one must wait. */
  readonly owesReset: boolean;
}

/** What one look has seen of a workspace. */
interface Sight {
  readonly own: readonly Standing[];
  readonly isOverflown: boolean;
  readonly now: Date;
}

const reset = "event: reset\ndata: {}\n\n";

export function createChangeHub(options: ChangeHubOptions): ChangeHub {
  return new Hub(options);
}

class Hub implements ChangeHub {
  readonly #options: ChangeHubOptions;
  readonly #watchers = new Set<Watcher>();
  readonly #memories = new Map<string, Memory>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #lastLookAt: Date | undefined;
  #lastBeatAt = 0;
  #isStopped = false;

  constructor(options: ChangeHubOptions) {
    this.#options = options;
  }

  #schedule(pauseMs: number): void {
    if (
      this.#isStopped ||
      this.#timer !== undefined ||
      this.#looking !== undefined ||
      this.#watchers.size === 0
    )
      return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#looking = this.#look()
        .catch((err: unknown) => this.#options.log.warn({ err }, "changes could not be read"))
        .finally(() => {
          this.#looking = undefined;
          this.#schedule(lookEveryMs);
        });
    }, pauseMs);
  }

  async #look(): Promise<void> {
    const now = this.#options.clock.now();
    // Whoever comes while the database is asked is told by the next look.
    const present = [...this.#watchers];
    const watched = new Set(present.map((each) => each.identity.workspaceId));
    const workspaceIds = [...watched];
    for (const id of this.#memories.keys()) if (!watched.has(id)) this.#memories.delete(id);
    const from = this.#memories.size === 0 ? now : (this.#lastLookAt ?? now);
    const since = new Date(from.getTime() - overlapMs);
    const { standing, overflown, alive } = await readChanges(this.#options.db, {
      ...{ workspaceIds, since, now },
      open: [...this.#memories.values()].flatMap(openOf),
      tokenIds: present.flatMap(({ identity }) => identity.tokenId ?? []),
      sessionIds: present.flatMap(({ identity }) => identity.sessionId ?? []),
    });
    this.#lastLookAt = now;
    const byWorkspace = groupByWorkspace(standing);
    const texts = new Map(
      workspaceIds.map((id) => {
        const sight = { own: byWorkspace.get(id) ?? [], isOverflown: overflown.has(id), now };
        return [id, this.#compare(id, sight)];
      }),
    );
    const isBeat = now.getTime() - this.#lastBeatAt >= heartbeatMs;
    if (isBeat) this.#lastBeatAt = now.getTime();
    this.#tellAll(
      present.filter((each) => this.#watchers.has(each)),
      { texts, alive, isBeat, now },
    );
  }

  #tellAll(present: readonly Watcher[], { texts, alive, isBeat, now }: News): void {
    for (const watcher of present) {
      const { tokenId, sessionId, workspaceId } = watcher.identity;
      if (alive.has(`${tokenId ?? sessionId} ${workspaceId}`)) {
        this.#tell(watcher, texts.get(workspaceId) ?? "", isBeat, now);
      } else this.#end(watcher);
    }
  }

  /** Who has not read what was told before is cut off: an end would wait behind all of that. */
  #end(watcher: Watcher): void {
    const { stream } = watcher;
    this.#watchers.delete(watcher);
    if (stream.readableLength > 0) stream.destroy();
    else stream.push(null);
  }

  #tell(watcher: Watcher, text: string, isBeat: boolean, now: Date): void {
    const { stream } = watcher;
    const news = watcher.hasBegun ? text : reset;
    watcher.hasBegun = true;
    if (news !== "") stream.push(news);
    else if (isBeat) stream.push(": still here\n\n");
    if (now.getTime() >= watcher.endsAt || stream.readableLength > bufferedMax) this.#end(watcher);
  }

  /** What is to be told of a workspace; it remembers what stands now. */
  #compare(workspaceId: string, { own, isOverflown, now }: Sight): string {
    const before = this.#memories.get(workspaceId);
    const known = new Map<string, { readonly mark: string; readonly standing: Standing }>();
    const fresh: Standing[] = [];
    for (const standing of own) {
      const { id, status, attempt_count: count } = standing.row;
      if (known.has(id)) continue;
      const mark = `${status} ${count}`;
      known.set(id, { mark, standing });
      if (before !== undefined && before.known.get(id)?.mark !== mark) fresh.push(standing);
    }
    const lastResetAt = before?.lastResetAt ?? 0;
    if (!isOverflown && !fresh.some(endsOthers) && before?.owesReset !== true) {
      this.#memories.set(workspaceId, { known, lastResetAt, owesReset: false });
      return toText(fresh);
    }
    const isSoon = now.getTime() - lastResetAt < resetEveryMs;
    const resetAt = isSoon ? lastResetAt : now.getTime();
    this.#memories.set(workspaceId, { known, lastResetAt: resetAt, owesReset: isSoon });
    return isSoon ? "" : reset;
  }

  #requireRoom(identity: Identity): void {
    const all = [...this.#watchers];
    const caller = identity.tokenId ?? identity.sessionId;
    const own = all.filter(({ identity: other }) => other.workspaceId === identity.workspaceId);
    const same = own.filter(({ identity: other }) => (other.tokenId ?? other.sessionId) === caller);
    if (
      !this.#isStopped &&
      all.length < perNodeMax &&
      own.length < perWorkspaceMax &&
      same.length < perCallerMax
    ) {
      return;
    }
    throw new ApiError("rate_limited", "Too many streams are open. Close some, or ask instead.", {
      retryAfterSeconds: 30,
    });
  }

  open(identity: Identity, seconds: number): Readable {
    this.#requireRoom(identity);
    const stream = new Readable({ read: () => undefined });
    // How long a client waits before it connects again.
    stream.push("retry: 3000\n\n");
    const endsAt = this.#options.clock.now().getTime() + seconds * 1_000;
    const watcher = { stream, identity, endsAt, hasBegun: false };
    this.#watchers.add(watcher);
    stream.once("close", () => this.#watchers.delete(watcher));
    this.#schedule(0);
    return stream;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers) this.#end(watcher);
    await this.#looking;
  }
}

function toText(fresh: readonly Standing[]): string {
  if (fresh.length === 0) return "";
  const changes: Changes = {
    executions: fresh.flatMap((each) => (each.kind === "execution" ? [each.row] : [])),
    deliveries: fresh.flatMap((each) => (each.kind === "delivery" ? [each.row] : [])),
  };
  return `event: changes\ndata: ${JSON.stringify(changes)}\n\n`;
}

function openOf({ known }: Memory): Standing[] {
  return [...known.values()].flatMap(({ standing }) => (standing.isOpen ? [standing] : []));
}

/** What a digest tells is parked, not watched, and ends with it. */
function endsOthers(standing: Standing): boolean {
  return standing.kind === "delivery" && standing.isDigest && !standing.isOpen;
}
