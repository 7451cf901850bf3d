// Who this program is, as printed and as sent to servers, and whom it asks unless told otherwise.
// Loaded at every start: it must import nothing that takes time.
import manifest from "../package.json" with { type: "json" };

export const version: string = manifest.version;
export const userAgent = `cronctl/${manifest.version}`;

/** Where `npm start` listens. */
export const defaultUrl = "http://127.0.0.1:7400";
