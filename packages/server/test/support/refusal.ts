// What the API refused and why, as one line that a test can compare.
import { ApiError } from "@trigrun/contract";

/** `code path: sentence`, of the first detail where there is one; "accepted" when it was not. */
export async function refusalOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const [detail] = error.details;
    return `${error.code} ${detail?.path ?? ""}: ${detail?.message ?? error.message}`;
  }
  return "accepted";
}
