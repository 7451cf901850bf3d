// Serves the built dashboard: the page for every address of it, and the files that the page loads.
// It reads only the folder that the build wrote, and never a path that a request names.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { extname } from "node:path";
import { ApiError } from "@trigrun/contract";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { escapeHtml } from "./page.ts";
import { ownScriptsPolicy } from "./security-headers.ts";

/** The first parts of the addresses that the dashboard has; what follows is its own affair. */
export const dashboardSections = [
  "jobs",
  "executions",
  "deliveries",
  "channels",
  "settings",
  "sign-in",
  "set-up",
] as const;

// The build copies the folder beside the bundle; from the sources, it is where the build left it.
const places = [
  new URL("./dashboard/", import.meta.url),
  new URL("../../dist/dashboard/", import.meta.url),
];

const types: Readonly<Record<string, string>> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

type Encoding = "br" | "gzip";
const endings: readonly (readonly [Encoding, string])[] = [
  ["br", ".br"],
  ["gzip", ".gz"],
];

interface Asset {
  readonly type: string;
  readonly plain: Buffer;
  readonly packed: Readonly<Partial<Record<Encoding, Buffer>>>;
}

interface Built {
  readonly madeAtMs: number;
  readonly page: string;
  readonly assets: ReadonlyMap<string, Asset>;
}

export interface DashboardOptions {
  /** The path of the public address: `/cron` behind a proxy that takes it away, else empty. */
  readonly base: string;
  /** Where the build is; found by itself when left out. */
  readonly folder?: URL | undefined;
}

export function addDashboard(app: FastifyInstance, { base, folder }: DashboardOptions): void {
  const open = keepOpen(folder === undefined ? places : [folder], base);
  const sendPage = async (_request: FastifyRequest, reply: FastifyReply) =>
    reply
      // Text that somebody stored cannot become code or a call to elsewhere.
      .header("content-security-policy", ownScriptsPolicy)
      .type("text/html; charset=utf-8")
      .send(open().page);
  app.get("/", sendPage);
  for (const section of dashboardSections) {
    app.get(`/${section}`, sendPage);
    app.get(`/${section}/*`, sendPage);
  }
  app.get<{ Params: { file: string } }>("/assets/:file", async (request, reply) => {
    const asset = open().assets.get(request.params.file);
    if (asset === undefined) throw new ApiError("not_found", "The dashboard has no such file.");
    const encoding = chooseEncoding(request.headers["accept-encoding"], asset);
    if (encoding !== undefined) reply.header("content-encoding", encoding);
    return (
      reply
        // Each name has a hash of what is in the file, so what a name stands for never changes.
        .header("cache-control", "public, max-age=31536000, immutable")
        .header("vary", "accept-encoding")
        .type(asset.type)
        .send(encoding === undefined ? asset.plain : asset.packed[encoding])
    );
  });
}

/** Everything is held in memory, some 500 KB, and read again after another build. */
function keepOpen(folders: readonly URL[], base: string): () => Built {
  let built: Built | undefined;
  return () => {
    for (const folder of folders) {
      const made = statSync(new URL("index.html", folder), { throwIfNoEntry: false });
      if (made === undefined) continue;
      if (built?.madeAtMs !== made.mtimeMs) built = read(folder, base, made.mtimeMs);
      return built;
    }
    throw new ApiError("not_found", "The dashboard is not built. Run `npm run build`.");
  };
}

function read(folder: URL, base: string, madeAtMs: number): Built {
  const page = readFileSync(new URL("index.html", folder), "utf8");
  const names = readdirSync(new URL("assets/", folder));
  const load = (name: string) => readFileSync(new URL(`assets/${name}`, folder));
  const assets = names.flatMap((name): [string, Asset][] => {
    const type = types[extname(name)];
    if (type === undefined) return [];
    const packed = endings
      .filter(([, ending]) => names.includes(name + ending))
      .map(([encoding, ending]) => [encoding, load(name + ending)]);
    return [[name, { type, plain: load(name), packed: Object.fromEntries(packed) }]];
  });
  return { madeAtMs, page: page.replaceAll("%BASE%", escapeHtml(base)), assets: new Map(assets) };
}

/** The smallest form that the client takes; `q` other than 0 is all the same to us. */
function chooseEncoding(header: unknown, { packed }: Asset): Encoding | undefined {
  const taken = String(header ?? "")
    .split(",")
    .map((part) => part.trim().toLowerCase())
    .filter((part) => !/;\s*q=0(?:\.0+)?$/.test(part))
    .map((part) => part.split(";", 1)[0]);
  return endings.find(([name]) => taken.includes(name) && packed[name] !== undefined)?.[0];
}
