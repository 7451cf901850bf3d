// What stands in the lock file about the licences of packages that the product is delivered with.
// The lock file and not node_modules: it names the packages of every platform, on every machine.

/** One package in one version. */
export interface Licensed {
  readonly name: string;
  readonly version: string;
  /** Undefined where its author says nothing. */
  readonly licence: string | undefined;
}

/** A `package-lock.json` of version 3, as far as it is read here. */
export interface LockFile {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

interface LockedPackage {
  readonly version?: string;
  readonly license?: unknown;
  /** For development only; what an installation for production leaves out. */
  readonly dev?: boolean;
  /** A workspace of ours. */
  readonly link?: boolean;
}

/** Permissive ones, by their SPDX names: they ask for a notice and for nothing about our code. */
const allowed: ReadonlySet<string> = new Set([
  "0BSD",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "BlueOak-1.0.0",
  "ISC",
  "MIT",
  "MIT-0",
  "PostgreSQL",
  // The public domain, where there is one, and a permissive licence elsewhere; OSI has approved it.
  "Unlicense",
]);

/** What is installed for production, by name; each version once. */
export function listDelivered({ packages }: LockFile): Licensed[] {
  const found = new Map<string, Licensed>();
  for (const [path, { version = "", license, dev, link }] of Object.entries(packages)) {
    const name = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(path)?.[1];
    if (name === undefined || dev === true || link === true) continue;
    const licence = typeof license === "string" && license !== "" ? license : undefined;
    found.set(`${name}@${version}`, { name, version, licence });
  }
  // By code points, so that the order does not depend on a machine's language.
  const keyOf = ({ name, version }: Licensed) => `${name}@${version}`;
  return [...found.values()].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

/** Packages that the product must not be delivered with, each as a sentence. */
export function findWrongLicences(delivered: readonly Licensed[]): string[] {
  return delivered
    .filter(({ licence }) => licence === undefined || !isAllowed(licence))
    .map(({ name, version, licence }) =>
      licence === undefined
        ? `${name}@${version} says nothing about its licence`
        : `${name}@${version} has the licence ${licence}, which is not on the list`,
    );
}

/** Of alternatives one must be on the list. Anything more involved is for a person to read. */
function isAllowed(expression: string): boolean {
  const bare = /^\(([^()]*)\)$/.exec(expression)?.[1] ?? expression;
  return bare.split(" OR ").some((name) => allowed.has(name));
}

/** Rows of a table: name, version, licence. */
export function toLicenceRows(delivered: readonly Licensed[]): string[][] {
  return delivered.map(({ name, version, licence }) => [name, version, licence ?? "none"]);
}
