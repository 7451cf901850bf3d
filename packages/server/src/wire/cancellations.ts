// Ends what is under way when its AbortSignal fires. One listener per signal, not per call: node
// walks all listeners of a signal to take one off, and one signal may stand over 10,000 calls.

interface Cancellable {
  cancel(message: string): void;
}

interface Group {
  members: Set<Cancellable>;
  listener: () => void;
}

export class Cancellations {
  private readonly groups = new Map<AbortSignal, Group>();

  watch(signal: AbortSignal, member: Cancellable): void {
    let group = this.groups.get(signal);
    if (group === undefined) {
      const members = new Set<Cancellable>();
      const listener = () => {
        for (const each of [...members]) each.cancel("The call was cancelled.");
      };
      group = { members, listener };
      this.groups.set(signal, group);
      signal.addEventListener("abort", listener);
    }
    group.members.add(member);
  }

  unwatch(signal: AbortSignal, member: Cancellable): void {
    const group = this.groups.get(signal);
    if (group === undefined) return;
    group.members.delete(member);
    if (group.members.size > 0) return;
    this.groups.delete(signal);
    signal.removeEventListener("abort", group.listener);
  }
}
