// Reads again what has changed on the server: one reading of the same thing at a time, whatever the
// pace of the changes, and none of a long list, which is marked instead.
import { hashKey, type QueryClient, type QueryFilters, type QueryKey } from "@tanstack/react-query";
import { isLong, markOutdated } from "./long-lists.ts";

/** The answer is told what changed, by the beginning of its key, as often as it does. */
export function createRereading(queries: QueryClient): (queryKey: QueryKey) => void {
  const readings = new Map<string, "reading" | "again">();
  const isBusy = (short: QueryFilters) => queries.isFetching({ ...short, type: "active" }) > 0;
  const read = async (queryKey: QueryKey, hash: string) => {
    const short = {
      queryKey,
      predicate: ({ state }: { state: { data: unknown } }) => !isLong(state.data),
    };
    do {
      // What is on its way already may have been read before the change: once more after it.
      readings.set(hash, isBusy(short) ? "again" : "reading");
      await queries.invalidateQueries(short, { cancelRefetch: false });
    } while (readings.get(hash) === "again");
    readings.delete(hash);
  };
  return (queryKey) => {
    for (const { state, queryHash } of queries.getQueryCache().findAll({ queryKey })) {
      if (isLong(state.data)) markOutdated(queryHash);
    }
    const hash = hashKey(queryKey);
    if (readings.has(hash)) readings.set(hash, "again");
    else void read(queryKey, hash);
  };
}
