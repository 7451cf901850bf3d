// Reads a page of metrics as Prometheus does: one number for each name with its labels. It refuses
// what Prometheus would refuse.

const label = String.raw`[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"`;
const sampleLine = new RegExp(
  String.raw`^([a-zA-Z_:][a-zA-Z0-9_:]*(?:\{${label}(?:,${label})*\})?) (\S+)$`,
);

export function readSamples(page: string): Map<string, number> {
  const samples = new Map<string, number>();
  const typed = new Set<string>();
  for (const line of page.split("\n").filter((each) => each !== "")) {
    const type = /^# TYPE (\S+) (?:counter|gauge|histogram|summary)$/.exec(line)?.[1];
    if (type !== undefined) typed.add(type);
    if (line.startsWith("#")) continue;
    const [, key = "", text = ""] = sampleLine.exec(line) ?? [];
    const name = key.split("{", 1)[0] ?? "";
    const family = name.replace(/_(?:bucket|sum|count)$/, "");
    if (!typed.has(name) && !typed.has(family)) throw new Error(`Without a type: ${line}`);
    if (samples.has(key)) throw new Error(`Twice on one page: ${line}`);
    samples.set(key, text === "Nan" ? Number.NaN : Number(text.replace("Inf", "Infinity")));
  }
  return samples;
}
