// The version of the product, from the one manifest that states it.
import manifest from "../package.json" with { type: "json" };

export const version: string = manifest.version;
