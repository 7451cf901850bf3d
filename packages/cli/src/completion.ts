// What could stand at the end of a command line: commands, flags, and names asked of the server.
// It answers fast or not at all: a key press must not wait for a server that is away.
import { type Client, createClient, events, type TrigRunApi } from "@trigrun/contract";
import type { Argument, Command, Option } from "commander";
import { openConnection } from "./connection.ts";
import { neutralise } from "./display.ts";
import { userAgent } from "./identity.ts";
import type { Run } from "./leaf.ts";
import { resolveJobId } from "./lookup.ts";
import { loginPathIn, readLogin, resolveSettings } from "./settings.ts";
import { buildTree, loadEntry } from "./tree.ts";

export interface Candidate {
  readonly value: string;
  readonly description: string;
}

// Longer, and typing on is quicker.
const answerTimeoutMs = 1_500;

/** The last word is the one being typed; it may be empty. */
export async function completeWords(words: readonly string[], run: Run): Promise<Candidate[]> {
  const place = await findPlace(words.slice(0, -1), run);
  const word = words.at(-1) ?? "";
  const candidates = await candidatesAt(place, word, run);
  return candidates
    .filter(({ value }) => value.startsWith(word) && isTypable(value))
    .map(({ value, description }) => ({ value, description: neutralise(description) }));
}

// A shell line ends at a line break, and the protocol at a tab.
function isTypable(value: string): boolean {
  return value !== "" && neutralise(value) === value;
}

interface Place {
  readonly command: Command;
  readonly operands: readonly string[];
  /** The flag whose value comes next. */
  readonly flag: Option | undefined;
}

async function findPlace(words: readonly string[], run: Run): Promise<Place> {
  let place: Place = { command: buildTree(run), operands: [], flag: undefined };
  for (const word of words) place = await stepOver(word, place, run);
  return place;
}

async function stepOver(word: string, place: Place, run: Run): Promise<Place> {
  const { command, operands, flag } = place;
  if (flag !== undefined) return { ...place, flag: undefined };
  if (word.startsWith("-") && word !== "-") return { ...place, flag: flagOf(command, word) };
  const child = operands.length === 0 ? childOf(command, word) : undefined;
  if (child === undefined) return { ...place, operands: [...operands, word] };
  if (command.parent === null) await loadEntry(child, run);
  return { ...place, command: child };
}

function childOf(command: Command, word: string): Command | undefined {
  return command.commands.find((child) => child.name() === word || child.aliases().includes(word));
}

/** The flag of this name when it takes a value. */
function flagOf(command: Command, word: string): Option | undefined {
  const flag = command.options.find(({ short, long }) => short === word || long === word);
  return flag?.required === true ? flag : undefined;
}

async function candidatesAt(place: Place, word: string, run: Run): Promise<Candidate[]> {
  const { command, operands, flag } = place;
  if (flag !== undefined) return valuesOfFlag(flag, place, run);
  if (word.startsWith("--") && word.includes("=")) {
    const name = word.slice(0, word.indexOf("="));
    const assigned = flagOf(command, name);
    if (assigned === undefined) return [];
    const values = await valuesOfFlag(assigned, place, run);
    return values.map(({ value, description }) => ({ value: `${name}=${value}`, description }));
  }
  if (word.startsWith("-")) return flagsOf(command);
  if (command.commands.length > 0 && operands.length === 0) {
    return command.commands.map((child) => ({
      value: child.name(),
      description: child.description(),
    }));
  }
  const argument = command.registeredArguments[operands.length];
  return argument === undefined ? [] : valuesOfArgument(argument, place, run);
}

function flagsOf(command: Command): Candidate[] {
  const own = command.options
    .filter(({ hidden }) => !hidden)
    .map(({ long, description }) => ({ value: long ?? "", description }));
  return [...own, { value: "--help", description: "display help for command" }];
}

async function valuesOfFlag(flag: Option, place: Place, run: Run): Promise<Candidate[]> {
  if (flag.argChoices !== undefined) return toCandidates(flag.argChoices);
  if (flag.long === "--timezone") return toCandidates(Intl.supportedValuesOf("timeZone"));
  return askServer(flag.long?.slice(2) ?? "", place, run);
}

async function valuesOfArgument(argument: Argument, place: Place, run: Run) {
  if (argument.argChoices !== undefined) return toCandidates(argument.argChoices);
  return askServer(argument.name(), place, run);
}

function toCandidates(values: readonly string[]): Candidate[] {
  return values.map((value) => ({ value, description: "" }));
}

type Api = Client<TrigRunApi>;
type Asker = (client: Api, place: Place) => Promise<Candidate[]>;

// One page of 100: more candidates help nobody.
const query = { limit: 100 };

const askers: Readonly<Record<string, Asker>> = {
  job: async (client) => {
    const { items } = await client.listJobs({ query });
    return items.map(({ name, kind, state }) => ({
      value: name,
      description: `${kind}, ${state}`,
    }));
  },
  channel: askChannels,
  secret: askSecrets,
  notify: async (client) => {
    const channels = await askChannels(client);
    return channels.flatMap(({ value, description }) =>
      events.map((event) => ({ value: `${value}:${event}`, description })),
    );
  },
  rule: async (client, { operands }) => {
    const id = await resolveJobId(client, operands[0] ?? "");
    const { items } = await client.listRules({ params: { id }, query });
    return items.map((rule) => ({
      value: `${rule.channel_name}:${rule.event}`,
      description: rule.id,
    }));
  },
  execution: async (client) => {
    const { items } = await client.listExecutions({ query });
    return items.map(({ id, job_name: job, status }) => ({
      value: id,
      description: `${job}, ${status}`,
    }));
  },
  delivery: (client) => askDeliveries(client),
  digest: (client) => askDeliveries(client, "digest"),
};

async function askDeliveries(client: Api, event?: "digest"): Promise<Candidate[]> {
  const { items } = await client.listDeliveries({ query: { ...query, event } });
  return items.map((delivery) => ({
    value: delivery.id,
    description: `${delivery.event} to ${delivery.channel_name}, ${delivery.status}`,
  }));
}

async function askChannels(client: Api): Promise<Candidate[]> {
  const { items } = await client.listChannels({ query });
  return items.map(({ name, type }) => ({ value: name, description: type }));
}

async function askSecrets(client: Api): Promise<Candidate[]> {
  const { items } = await client.listSecrets({ query });
  return items.map(({ name }) => ({ value: name, description: "" }));
}

async function askServer(what: string, place: Place, run: Run): Promise<Candidate[]> {
  const asker = askers[what];
  if (asker === undefined) return [];
  const { env, homeDir, signal } = run.surroundings;
  try {
    const loginPath = loginPathIn(homeDir);
    const { url, token } = resolveSettings({
      flags: {},
      env,
      login: readLogin(loginPath),
      loginPath,
    });
    if (token === undefined) return [];
    const { fetch } = openConnection({ baseUrl: url, signal, timeoutMs: answerTimeoutMs });
    return await asker(createClient({ baseUrl: url, token, userAgent, fetch }), place);
  } catch {
    // A message in the middle of a line that is being typed helps nobody.
    return [];
  }
}
