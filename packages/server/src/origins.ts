// Origins of browsers: scheme, host and port, exactly as browsers write them. Pure.

/** What is wrong with an entry of the setting, as the end of a sentence. */
export function findWrongOrigin(entry: string): string | undefined {
  if (entry === "*" || entry.includes("*")) {
    return `holds "${entry}": name each origin, there is no "every"`;
  }
  // `null` is what sandboxed frames and files of anybody's making send.
  const url = URL.canParse(entry) ? new URL(entry) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
    return `holds "${entry}", which is no origin: write https://app.example.com`;
  }
  // Browsers send the host in lower case, without the port that the scheme has anyway.
  if (url.origin === entry) return undefined;
  return `holds "${entry}", which no browser sends: write ${url.origin}`;
}
