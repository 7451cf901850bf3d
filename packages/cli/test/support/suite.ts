// One server for the tests of a file, with what it has seen cleared before each.
import { afterAll, beforeAll, beforeEach } from "vitest";
import { type Answers, type ApiServer, startApiServer } from "./api-server.ts";
import { type Circumstances, loggedInTo, type Outcome, runInTest } from "./cronctl.ts";

export interface Suite {
  readonly server: ApiServer;
  /** Runs cronctl against the server, logged in. */
  run(argv: readonly string[], circumstances?: Circumstances): Promise<Outcome>;
  /** Runs `words` as one would type them; arguments with blanks need `run`. */
  type(words: string, circumstances?: Circumstances): Promise<Outcome>;
  answer(answers: Answers): void;
}

export function useServer(): Suite {
  let server: ApiServer;
  beforeAll(async () => {
    server = await startApiServer();
  });
  afterAll(() => server.close());
  beforeEach(() => {
    server.seen.length = 0;
    server.answers = {};
    server.intercept = undefined;
  });
  const run = (argv: readonly string[], circumstances: Circumstances = {}) =>
    runInTest(argv, { ...circumstances, env: { ...loggedInTo(server.url), ...circumstances.env } });
  return {
    get server() {
      return server;
    },
    run,
    type: (words, circumstances) => run(words === "" ? [] : words.split(" "), circumstances),
    answer: (answers) => {
      server.answers = answers;
    },
  };
}
