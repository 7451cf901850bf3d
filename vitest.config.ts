// The four kinds of test: `unit` needs nothing but the code, `server` starts one real PostgreSQL
// for the run, `browser` looks at the built program with a real Chromium, `fault` breaks things on
// purpose. The last two run one file at a time.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["packages/*/src/**/*.test.ts", "tools/**/*.test.ts"],
          // The default of 5 s is met in a tenth of a second, but not on a busy machine.
          testTimeout: 20_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: "server",
          include: ["packages/*/test/**/*.test.ts"],
          exclude: [
            "packages/server/test/fault/**",
            "packages/dashboard/test/**",
            "**/node_modules/**",
          ],
          globalSetup: ["packages/server/test/support/global-setup.ts"],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "browser",
          include: ["packages/dashboard/test/**/*.test.ts"],
          // The first page of a browser that has just been started takes seconds on two cores.
          testTimeout: 120_000,
          hookTimeout: 240_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "fault",
          include: ["packages/server/test/fault/**/*.test.ts"],
          testTimeout: 600_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
