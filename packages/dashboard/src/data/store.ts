// A value that lives outside of components, with its listeners: for what the whole page has once
// (the session, toasts, commands). It holds nothing of the API; TanStack Query does.
import { useSyncExternalStore } from "react";

export interface Store<T> {
  get(): T;
  set(value: T | ((before: T) => T)): void;
  subscribe(listener: () => void): () => void;
}

export function createStore<T>(initial: T): Store<T> {
  let current = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => current,
    set(value) {
      // A store of functions has no use here, so a function is always a change.
      const next = typeof value === "function" ? (value as (before: T) => T)(current) : value;
      if (Object.is(next, current)) return;
      current = next;
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export function useStore<T>(store: Store<T>): T {
  return useSyncExternalStore(store.subscribe, store.get);
}
