// Which methods a path of the API has, for answers about paths that do not have the one asked for.
import { api, type Method, type Route } from "@trigrun/contract";

const patterns = Object.values<Route>(api).map(({ path, method }) => ({
  method,
  pattern: new RegExp(`^${path.replace(/:[a-z_]+/g, "[^/]+")}$`),
}));

export function methodsOf(path: string): Method[] {
  return patterns.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
}

/** Without its query. */
export function pathOf(url: string): string {
  return url.split("?", 1)[0] ?? "";
}
