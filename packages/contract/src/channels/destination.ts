// What tells one receiver from another: its address, in one spelling. It may hold credentials.

/** The address without what never leaves (`#…`); the parser makes one spelling of the host. */
export function toDestination(url: string): string {
  const target = new URL(url);
  target.hash = "";
  return target.href;
}
