// The files of deploy/: each can be read by what reads it, names settings and paths that there are,
// and says what it has to. What their own linters see, `npm run lint:deploy` asks where it can.
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { otherVariables, settings } from "../packages/server/src/config.ts";
import { readRepository } from "./repository.ts";

const repository = readRepository();
const files = repository.filter(({ path }) => path.startsWith("deploy/"));

function textOf(path: string): string {
  const file = files.find((each) => each.path === path);
  if (file === undefined) throw new Error(`${path} is not there`);
  return file.text;
}

const known = new Set([
  ...Object.values(settings).map(({ variable }) => variable),
  ...otherVariables,
]);

describe("every file", () => {
  it.each(files.map(({ path }) => path))("%s names settings that the server knows", (path) => {
    const words = textOf(path).match(/(?<![A-Z_a-z])(?:TRIGRUN|DATABASE)_[A-Z_]+[A-Z]\b/g) ?? [];
    // The one variable of the composition itself.
    const names = [...new Set(words)].filter((name) => name !== "DATABASE_PASSWORD");
    // Given as what a Service would put into pods, which is turned off for it.
    const unknown = names.filter((name) => !known.has(name) && name !== "TRIGRUN_PORT");
    expect(unknown).toEqual([]);
  });

  it.each(files.filter(({ path }) => /\.ya?ml$/.test(path) && !path.includes("/templates/")))(
    "$path is YAML, without a key twice",
    ({ text }) => {
      const documents = parseAllDocuments(text, { merge: true });
      expect(documents.flatMap((each) => each.errors ?? [])).toEqual([]);
      expect(documents).toHaveLength(1);
    },
  );

  it.each(files.filter(({ path }) => path.endsWith(".json")))("$path is JSON", ({ text }) => {
    expect(() => JSON.parse(text)).not.toThrow();
  });
});

describe("the Dockerfile", () => {
  const text = textOf("deploy/docker/Dockerfile");
  const instructions = text
    .replace(/\\\n/g, " ")
    .split("\n")
    .filter((line) => /^[A-Z]+ /.test(line))
    .map((line) => line.split(/\s+/));

  it("copies what is in the repository, or what a stage before it has made", () => {
    const copies = instructions.filter(([name]) => name === "COPY").map(([, ...words]) => words);
    const ours = copies
      .filter(([first]) => !first?.startsWith("--from"))
      .flatMap((w) => w.slice(0, -1));
    const isThere = (path: string) =>
      path === "." || repository.some((each) => `${each.path}/`.startsWith(`${path}/`));
    expect(ours.length).toBeGreaterThan(5);
    expect(ours.filter((path) => !isThere(path))).toEqual([]);
    const stages = instructions.flatMap((words) => (words[2] === "AS" ? [words[3]] : []));
    const sources = copies.flatMap(([first]) => /^--from=(\S+)/.exec(first ?? "")?.[1] ?? []);
    expect(sources.length).toBeGreaterThan(2);
    expect(sources.filter((stage) => !stages.includes(stage))).toEqual([]);
  });

  it("has the package file of every workspace, or npm refuses the lock file", () => {
    const workspaces = repository.flatMap(
      ({ path }) => /^(packages\/[^/]+\/package\.json)$/.exec(path)?.[1] ?? [],
    );
    expect(workspaces).toHaveLength(4);
    for (const path of workspaces) expect(text).toContain(`COPY ${path} `);
  });

  it("runs the program itself as process 1, as a user without rights, and asks /readyz", () => {
    const last = (name: string) =>
      instructions
        .filter(([word]) => word === name)
        .at(-1)
        ?.join(" ");
    expect(last("USER")).toBe("USER node");
    expect(JSON.parse(last("ENTRYPOINT")?.slice("ENTRYPOINT ".length) ?? "")).toEqual(["trigrun"]);
    expect(text).toMatch(/^STOPSIGNAL SIGTERM$/m);
    expect(last("HEALTHCHECK")).toMatch(/CMD \["node", .*\/readyz/);
    // An image by its name alone: where it comes from is the machine's affair.
    const images = instructions.filter(([name]) => name === "FROM").map(([, image]) => image);
    expect(new Set(images)).toEqual(new Set(["node:22-bookworm-slim"]));
  });
});

describe("the composition", () => {
  const { services, volumes } = parse(textOf("deploy/docker/compose.yaml"), { merge: true });

  it("is a database, a node that serves, and two that work", () => {
    expect(Object.keys(services)).toEqual(["database", "serve", "work"]);
    expect(services.work.deploy.replicas).toBe(2);
    expect(services.serve.command).toContain("serve");
    expect(services.work.command).toEqual(["work", "--host", "0.0.0.0", "--port", "7400"]);
    expect(Object.keys(services.work.environment)).toEqual(Object.keys(services.serve.environment));
    const mounted = Object.values<{ volumes?: string[] }>(services)
      .flatMap((service) => service.volumes ?? [])
      .map((mount) => mount.split(":", 1)[0]);
    expect(mounted.sort()).toEqual(Object.keys(volumes).sort());
  });

  it("takes each secret from the environment, and says which are asked for", () => {
    const text = textOf("deploy/docker/compose.yaml");
    const taken = [...text.matchAll(/\$\{([A-Z_]+)(:[?-])/g)];
    const example = textOf("deploy/docker/env.example");
    for (const [, name] of taken) expect(example).toMatch(new RegExp(`^${name}=`, "m"));
    const asked = taken.filter(([, , how]) => how === ":?").map(([, name]) => name);
    expect(new Set(asked)).toEqual(new Set(["DATABASE_PASSWORD", "TRIGRUN_ENCRYPTION_KEY"]));
    expect(example).toMatch(/^DATABASE_PASSWORD=$/m);
  });
});

describe("the unit of systemd", () => {
  it("starts the program as itself, stops it as it wants to be, and shuts it in", () => {
    const text = textOf("deploy/systemd/trigrun.service");
    const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    for (const line of lines) expect(line).toMatch(/^(?:\[[A-Z][a-z]+\]|[A-Z][A-Za-z]+=.*)$/);
    const program = /^ExecStart=\S+ \S*?(packages\/\S+) serve --data-dir \/var\/lib\/trigrun$/m;
    expect(repository.map(({ path }) => path)).toContain(program.exec(text)?.[1]);
    for (const line of ["User=trigrun", "KillMode=mixed", "ProtectSystem=strict"]) {
      expect(lines).toContain(line);
    }
  });
});

describe("the chart", () => {
  const folder = "deploy/helm/trigrun/";
  const values = parse(textOf(`${folder}values.yaml`));
  const templates = files.filter(({ path }) => path.startsWith(`${folder}templates/`));

  it("has values that its schema allows, and refuses others", () => {
    const validate = new Ajv({ allErrors: true }).compile(
      JSON.parse(textOf(`${folder}values.schema.json`)),
    );
    expect(validate(values) ? [] : validate.errors).toEqual([]);
    expect(validate({ ...values, serve: { replicas: "two", resources: {} } })).toBe(false);
    expect(validate({ ...values, secret: {} })).toBe(false);
    expect(validate({ ...values, settings: { PATH: "/" } })).toBe(false);
  });

  it.each(templates)(
    "$path asks for values that there are, and closes what it opens",
    ({ text }) => {
      const asked = [...text.matchAll(/\.Values((?:\.\w+)+)/g)].map(([, path]) => path ?? "");
      const isThere = (path: string) =>
        path
          .slice(1)
          .split(".")
          .reduce<unknown>((at, key) => (at as Record<string, unknown>)?.[key], values) !==
        undefined;
      expect(asked.filter((path) => !isThere(path))).toEqual([]);
      const opened = text.match(/\{\{-? (?:if|with|range|define) /g) ?? [];
      const closed = text.match(/\{\{-? end /g) ?? [];
      expect(closed).toHaveLength(opened.length);
      expect(text.match(/\{\{/g)).toHaveLength(text.match(/\}\}/g)?.length ?? 0);
      const defined = templates.flatMap((each) => [...each.text.matchAll(/define "([^"]+)"/g)]);
      const names = defined.map(([, name]) => name);
      for (const [, name] of text.matchAll(/include "([^"]+)"/g)) expect(names).toContain(name);
    },
  );

  it.each(templates.filter(({ path }) => path.endsWith(".yaml")))(
    "$path is YAML once its parts are put in",
    ({ text }) => {
      const [document, ...more] = parseAllDocuments(fill(text));
      expect(more).toEqual([]);
      expect(document?.errors).toEqual([]);
      const object: Record<string, unknown> = document?.toJS();
      expect(object).toMatchObject({
        kind: expect.any(String),
        metadata: { name: expect.stringMatching(/^x(?:-\w+)?$/) },
      });
    },
  );

  it("gives both Deployments probes, the settings as they are, and no rights", () => {
    for (const role of ["serve", "work"]) {
      const text = textOf(`${folder}templates/${role}.yaml`);
      const pod = parse(fill(text)).spec.template.spec;
      const [container] = pod.containers;
      expect(container.args).toContain(role);
      expect(container.readinessProbe.httpGet.path).toBe("/readyz");
      expect(container.livenessProbe.httpGet.path).toBe("/healthz");
      expect(container.securityContext.readOnlyRootFilesystem).toBe(true);
      const variables = container.env.map(({ name }: { name: string }) => name);
      expect(variables.slice(0, 2)).toEqual(["DATABASE_URL", "TRIGRUN_ENCRYPTION_KEY"]);
      // Without it a Service named trigrun gives pods variables that the start refuses.
      expect(pod.enableServiceLinks).toBe(false);
      expect(pod.securityContext.runAsNonRoot).toBe(true);
    }
  });

  /** Puts parts in at their depth, and x for each value: a reading, not a rendering. */
  function fill(text: string): string {
    const parts = new Map(
      templates.flatMap((each) =>
        [...each.text.matchAll(/define "([^"]+)" -\}\}\n(.*?)\n\{\{- end \}\}(?=\n\n|\n$)/gs)].map(
          ([, name, body]) => [name, body] as const,
        ),
      ),
    );
    return text
      .split("\n")
      .flatMap((line) => {
        const [, name, depth] =
          /^\s*\{\{-? include "([^"]+)" \.(?: \| nindent (\d+))? \}\}$/.exec(line) ?? [];
        if (name !== undefined) {
          const body = fill(parts.get(name) ?? "").split("\n");
          return body.map((each) => `${" ".repeat(Number(depth ?? 0))}${each}`);
        }
        const isControl = /^\s*\{\{-? (?:if|with|range|end|toYaml|else)\b[^}]*\}\}$/.test(line);
        return isControl ? [] : [line.replace(/\{\{[^}]*\}\}/g, "x")];
      })
      .join("\n");
  }
});
