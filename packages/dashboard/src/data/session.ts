// The token of whoever is signed in. It is kept for the tab, or on the device where the person asks
// for that; it is never in an address, in the page, or in anything that is logged.
import { createStore, useStore } from "./store.ts";

const key = "trigrun.token";

/** Browsers may refuse storage; then the token lives as long as the page. */
function read(storage: () => Storage): string | null {
  try {
    return storage().getItem(key);
  } catch {
    return null;
  }
}

function write(storage: () => Storage, token: string | null): void {
  try {
    if (token === null) storage().removeItem(key);
    else storage().setItem(key, token);
  } catch {
    // As above.
  }
}

const tab = () => window.sessionStorage;
const device = () => window.localStorage;

const token = createStore<string | null>(read(tab) ?? read(device));

/** Another tab that is kept signed in has signed out, or has another token now. */
window.addEventListener("storage", (event) => {
  if (event.key !== key || event.storageArea !== device()) return;
  if (read(tab) === null) token.set(event.newValue);
});

export function useToken(): string | null {
  return useStore(token);
}

export function signInWith(next: string, { isKept }: { isKept: boolean }): void {
  write(isKept ? device : tab, next);
  write(isKept ? tab : device, null);
  token.set(next);
}

/** The same person goes on with another token: it is kept where the one before was. */
export function replaceToken(next: string): void {
  signInWith(next, { isKept: read(device) !== null });
}

/** A token that the server no longer takes. Whoever has come in with another one stays. */
export function forgetEnded(ended: string): void {
  for (const storage of [tab, device]) if (read(storage) === ended) write(storage, null);
  if (token.get() === ended) token.set(null);
}

export function forgetToken(): void {
  write(tab, null);
  write(device, null);
  token.set(null);
}
