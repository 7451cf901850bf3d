// The dependency rules of this house, as one table: who may import whom. Pure.
//
//   contract <- cli, dashboard           server: api auth plan run send | store wire
//   contract <- server                   nouns decide, -ers act, engine.ts connects them
import type { Place } from "./place.ts";
import { stages } from "./place.ts";

/** The one -er without a loop: it acts in the transaction of whoever calls it, so api/ may. */
const callable = "canceller";

// What a noun may use besides the contract: calendars, hashing and assertions.
const nounModules = ["croner", "node:assert", "node:assert/strict", "node:buffer", "node:crypto"];

const databaseModules = ["pg", "pg-pool", "pg-cursor", "pg-copy-streams", "sql-template-tag"];
const socketModules = [
  "undici",
  "nodemailer",
  "node:http",
  "node:http2",
  "node:https",
  "node:net",
  "node:tls",
  "node:dgram",
  "node:dns",
  "node:dns/promises",
];

/** One import, resolved: `to` is a file of ours, `module` is everybody else's. */
export interface Edge {
  readonly from: Place;
  readonly to: Place | undefined;
  readonly module: string;
  readonly isTypeOnly: boolean;
  readonly isRelative: boolean;
}

export interface Rule {
  readonly name: string;
  forbids(edge: Edge): boolean;
}

export const isIn = (place: Place | undefined, ...folders: string[]): boolean =>
  place?.workspace === "server" && folders.includes(place.folder);

const isNounOf = (place: Place | undefined, ...folders: string[]): boolean =>
  isIn(place, ...folders) && place?.role === "noun";

const isStageActor = (place: Place | undefined): boolean =>
  isIn(place, ...stages) && place?.role === "actor";

const isOurs = (place: Place | undefined): boolean => place?.workspace === "server";

// The first rule that an import breaks is the one that is reported, so the telling ones come first.
export const importRules: readonly Rule[] = [
  {
    name: "contract is pure: it imports itself and zod, nothing else",
    forbids: ({ from, to, module }) =>
      from.workspace === "contract" && to?.workspace !== "contract" && module !== "zod",
  },
  {
    name: "clients see the wire only: nothing but the server imports the server",
    forbids: ({ from, to }) => from.workspace !== "server" && to?.workspace === "server",
  },
  {
    name: "workspaces meet by name: a relative import never leaves its workspace",
    forbids: ({ from, to, isRelative }) => isRelative && from.workspace !== to?.workspace,
  },
  {
    name: "a workspace shares through the contract only",
    forbids: ({ from, to }) =>
      to !== undefined && to.workspace !== from.workspace && to.workspace !== "contract",
  },
  {
    name: "the dashboard runs in a browser: no module of Node.js",
    forbids: ({ from, module }) =>
      from.workspace === "dashboard" && from.role !== "test" && module.startsWith("node:"),
  },
  {
    // Pages are built side by side: what two of them need stands outside of both.
    name: "pages do not know each other: what they share is in components/ or data/",
    forbids: ({ from, to }) =>
      from.workspace === "dashboard" &&
      from.folder === "pages" &&
      to?.workspace === "dashboard" &&
      to.folder === "pages" &&
      from.page !== to.page,
  },
  {
    name: "production code never imports tests",
    forbids: ({ to }) => to?.role === "test",
  },
  {
    name: "one door to PostgreSQL: only store/ imports a database library",
    forbids: ({ from, module }) => databaseModules.includes(module) && !isIn(from, "store"),
  },
  {
    // A type opens no socket. The store supervises its own PostgreSQL over a local socket.
    name: "one door to the world: only wire/ imports what opens sockets",
    forbids: ({ from, module, isTypeOnly }) =>
      from.workspace === "server" &&
      socketModules.includes(module) &&
      !isTypeOnly &&
      !isIn(from, "wire") &&
      !(isIn(from, "store") && module === "node:net"),
  },
  {
    name: "only store/ starts processes (its own PostgreSQL)",
    forbids: ({ from, module }) =>
      from.workspace === "server" && module === "node:child_process" && !isIn(from, "store"),
  },
  {
    name: "stages do not call each other: engine.ts hands over",
    forbids: ({ from, to }) =>
      isIn(from, ...stages) && isIn(to, ...stages) && from.folder !== to?.folder,
  },
  {
    name: "adapters are leaves: nothing imports api/ but the roots (main.ts, serve.ts)",
    forbids: ({ from, to }) => isIn(to, "api") && !isIn(from, "api") && from.role !== "root",
  },
  {
    // The shapes in which wire/ answers are types, and a type does nothing.
    name: "nouns decide: they import the contract, nouns of their stage and of src/, no I/O",
    forbids: ({ from, to, module, isTypeOnly }) =>
      from.role === "noun" &&
      !(to
        ? to.workspace === "contract" ||
          isNounOf(to, from.folder, "") ||
          (isIn(to, "wire") && isTypeOnly)
        : nounModules.includes(module)),
  },
  {
    name: "-ers act: they import the contract, nouns of their stage, store/, wire/ and src/",
    // One that is given another at work (the rescuer has the runner settle) may know its type.
    forbids: ({ from, to, isTypeOnly }) =>
      from.role === "actor" &&
      isOurs(to) &&
      !(isNounOf(to, from.folder) || isIn(to, "", "store", "wire")) &&
      !(isTypeOnly && isIn(to, from.folder)),
  },
  {
    // What api/ needs of them is handed to it by serve.ts, so it may know the type of it.
    name: "api/ is given what sends and runs, it imports no -er and nothing of wire/ but types",
    forbids: ({ from, to, isTypeOnly }) =>
      isIn(from, "api") &&
      (isIn(to, "wire") || isStageActor(to)) &&
      !isTypeOnly &&
      to?.name !== callable,
  },
  {
    name: "the files of src/ are the ground: they import the contract and each other",
    forbids: ({ from, to }) =>
      isIn(from, "") && !["root", "actor"].includes(from.role) && isOurs(to) && !isIn(to, ""),
  },
  {
    name: "the doors know no one behind them: store/, wire/ and auth/ import no -er",
    forbids: ({ from, to }) => isIn(from, "store", "wire", "auth") && isStageActor(to),
  },
  {
    name: "store/ and wire/ do not know each other",
    forbids: ({ from, to }) =>
      (isIn(from, "store") && isIn(to, "wire")) || (isIn(from, "wire") && isIn(to, "store")),
  },
  {
    name: "the roots connect the parts: no part imports them",
    forbids: ({ from, to }) => to?.role === "root" && from.role !== "root",
  },
];
