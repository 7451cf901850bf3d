// Bundles the dashboard for browsers: hashed files, each also packed for the wire, and the page
// that loads them. It writes nothing; build.mjs does, once everything has been made.
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const dashboardSource = "packages/dashboard/src";
export const dashboardOutput = "packages/server/dist/dashboard";

/** @typedef {{ path: string, contents: Uint8Array | string }} OutputFile */

/**
 * @param {string} root
 * @param {import("esbuild").Plugin[]} plugins
 * @returns {import("esbuild").BuildOptions}
 */
export function dashboardOptions(root, plugins) {
  return {
    absWorkingDir: root,
    bundle: true,
    platform: "browser",
    format: "esm",
    // Browsers of 2023 and later: nested CSS, `dialog`, `:has`.
    target: ["es2022", "chrome120", "firefox121", "safari17.2"],
    jsx: "automatic",
    entryPoints: {
      main: "packages/dashboard/src/main.tsx",
      theme: "packages/dashboard/src/shell/early-theme.ts",
    },
    outdir: `${dashboardOutput}/assets`,
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    assetNames: "[name]-[hash]",
    // Each page is a file of its own, loaded when it is opened.
    splitting: true,
    minify: true,
    define: { "process.env.NODE_ENV": '"production"' },
    loader: { ".svg": "file" },
    legalComments: "none",
    logLevel: "warning",
    metafile: true,
    write: false,
    charset: "utf8",
    plugins,
  };
}

/**
 * @param {string} root
 * @param {import("esbuild").BuildResult} result
 * @returns {OutputFile[]}
 */
export function toDashboardFiles(root, { outputFiles = [], metafile }) {
  const outputs = Object.entries(metafile?.outputs ?? {});
  /** @param {string} entry @param {"js" | "css"} kind */
  const nameOf = (entry, kind) => {
    const found = outputs.find(
      ([, { entryPoint }]) => entryPoint === `${dashboardSource}/${entry}`,
    );
    const path = kind === "js" ? found?.[0] : found?.[1].cssBundle;
    return path === undefined ? "" : basename(path);
  };
  const template = readFileSync(join(root, dashboardSource, "index.html"), "utf8");
  const page = template
    .replace("%MAIN%", nameOf("main.tsx", "js"))
    .replace("%STYLE%", nameOf("main.tsx", "css"))
    .replace("%THEME%", nameOf("shell/early-theme.ts", "js"));
  return [
    ...outputFiles.flatMap(({ path, contents }) => [{ path, contents }, ...pack(path, contents)]),
    { path: join(root, dashboardOutput, "index.html"), contents: page },
  ];
}

/**
 * @param {string} path
 * @param {Uint8Array} contents
 * @returns {OutputFile[]}
 */
function pack(path, contents) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  return [
    { path: `${path}.br`, contents: brotliCompressSync(contents, { params }) },
    { path: `${path}.gz`, contents: gzipSync(contents, { level: 9 }) },
  ];
}
