// Who this program is: its version, as printed and as sent to servers.
import manifest from "../package.json" with { type: "json" };

export const version: string = manifest.version;
export const userAgent = `cronctl/${manifest.version}`;
