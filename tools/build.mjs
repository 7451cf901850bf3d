// Builds the two programs: one bundle each, and beside the server's the migrations, the OpenAPI
// document and the dashboard. The server keeps its dependencies outside; the client carries its
// own, to start fast.
//
//   node tools/build.mjs
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { dashboardOptions, dashboardOutput, toDashboardFiles } from "./bundle-dashboard.mjs";

const home = fileURLToPath(new URL("..", import.meta.url));

const openApi = "packages/contract/openapi.json";
const migrations = "packages/server/src/store/migrations";
const serverOutput = "packages/server/dist";
const clientOutput = "packages/cli/dist";
/** Holds the fingerprint of the sources; written last, so that half a build is no build. */
const stamp = `${serverOutput}/.sources`;

/**
 * Nothing on disk changes before all bundles are made, so a mistake in a source leaves the
 * programs as they were.
 * @param {string} root the folder that holds packages/
 * @returns {Promise<boolean>} false when the sources do not build; esbuild has said why
 */
export async function build(root) {
  // Loaded here and not above: setup.mjs imports this file before esbuild is installed.
  const esbuild = await import("esbuild");
  const sources = fingerprint(root);
  let results;
  try {
    const english = { name: "speak-english", setup: speakEnglish };
    const options = [serverOptions(root), clientOptions(root), dashboardOptions(root, [english])];
    results = await Promise.all(options.map((option) => esbuild.build(option)));
  } catch (error) {
    if (error instanceof Error && "errors" in error) return false;
    throw error;
  }
  for (const folder of [serverOutput, clientOutput]) {
    rmSync(join(root, folder), { recursive: true, force: true });
  }
  const [server, client, dashboard] = results;
  const files = [server, client].flatMap((result) => result?.outputFiles ?? []);
  write([...files, ...(dashboard ? toDashboardFiles(root, dashboard) : [])]);
  cpSync(join(root, migrations), join(root, serverOutput, "migrations"), { recursive: true });
  // Without the blanks, which are half of it.
  const document = JSON.stringify(JSON.parse(readFileSync(join(root, openApi), "utf8")));
  writeFileSync(join(root, serverOutput, "openapi.json"), document);
  writeLicenses(root, clientOutput, client);
  writeLicenses(root, dashboardOutput, dashboard);
  writeFileSync(join(root, stamp), sources);
  return true;
}

/** @param {import("./bundle-dashboard.mjs").OutputFile[]} files */
function write(files) {
  for (const { path, contents } of files) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, contents);
  }
}

/**
 * True when the last build saw exactly these sources.
 * @param {string} root
 */
export function isBuilt(root) {
  const path = join(root, stamp);
  return existsSync(path) && readFileSync(path, "utf8") === fingerprint(root);
}

/**
 * @param {string} root
 * @returns {import("esbuild").BuildOptions}
 */
function commonOptions(root) {
  return {
    absWorkingDir: root,
    bundle: true,
    platform: "node",
    format: "esm",
    // The oldest Node.js that the engines field admits.
    target: "node20.19",
    sourcemap: true,
    logLevel: "warning",
    metafile: true,
    write: false,
    charset: "utf8",
  };
}

/**
 * @param {string} root
 * @returns {import("esbuild").BuildOptions}
 */
function serverOptions(root) {
  return {
    ...commonOptions(root),
    entryPoints: { trigrun: "packages/server/src/main.ts" },
    outdir: serverOutput,
    plugins: [{ name: "keep-dependencies-outside", setup: keepDependenciesOutside }],
  };
}

/**
 * @param {string} root
 * @returns {import("esbuild").BuildOptions}
 */
function clientOptions(root) {
  return {
    ...commonOptions(root),
    entryPoints: { cronctl: "packages/cli/src/main.ts" },
    outdir: clientOutput,
    plugins: [{ name: "speak-english", setup: speakEnglish }],
    // What a command imports only when it runs stays in a file of its own.
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    // Dependencies in the old module format call `require` for Node's own modules.
    banner: {
      js:
        'import { createRequire as $createRequire } from "node:module";\n' +
        "const require = $createRequire(import.meta.url);",
    },
  };
}

/**
 * Packages by name stay imports, except our own workspaces, which are TypeScript sources.
 * @param {import("esbuild").PluginBuild} plugin
 */
function keepDependenciesOutside(plugin) {
  plugin.onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
    kind === "entry-point" || path.startsWith("@trigrun/") ? undefined : { path, external: true },
  );
}

/**
 * Half of the client's code would be zod's messages in some fifty languages, and it speaks one.
 * @param {import("esbuild").PluginBuild} plugin
 */
function speakEnglish(plugin) {
  plugin.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
    contents: 'export { default as en } from "./en.js";',
  }));
}

/**
 * A bundle must carry the licences of what is inside it.
 * @param {string} root
 * @param {string} output
 * @param {import("esbuild").BuildResult | undefined} result
 */
function writeLicenses(root, output, result) {
  const folders = new Set(
    Object.keys(result?.metafile?.inputs ?? {}).flatMap(
      (input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? [],
    ),
  );
  const texts = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(
      readFileSync(join(root, folder, "package.json"), "utf8"),
    );
    const file = readdirSync(join(root, folder)).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file === undefined ? "" : `\n\n${readFileSync(join(root, folder, file), "utf8")}`;
    return `${name} ${version} (${license})${text}`;
  });
  writeFileSync(join(root, output, "LICENSES.txt"), texts.join("\n\n---\n\n"));
}

/**
 * One hash over everything that a build reads.
 * @param {string} root
 */
function fingerprint(root) {
  const hash = createHash("sha256").update(process.versions.node);
  const files = ["package-lock.json", relative(home, fileURLToPath(import.meta.url))];
  files.push("tools/bundle-dashboard.mjs", openApi);
  for (const name of ["contract", "server", "cli", "dashboard"]) {
    files.push(`packages/${name}/package.json`);
    const folder = join(root, "packages", name, "src");
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      // Tests are in no bundle.
      if (!entry.isFile() || /\.test(?:-d)?\.tsx?$/.test(entry.name)) continue;
      files.push(relative(root, join(entry.parentPath ?? entry.path, entry.name)));
    }
  }
  for (const file of files.sort()) {
    if (existsSync(join(root, file)))
      hash.update(`\0${file}\0`).update(readFileSync(join(root, file)));
  }
  return hash.digest("hex");
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  if (!(await build(home))) process.exitCode = 1;
}
