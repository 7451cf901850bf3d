// Listens as the loops do, to see who is woken by what.
import type { Database } from "../../src/store/db.ts";
import { wakeChannel } from "../../src/store/wake.ts";

/** Does `act` and resolves when `payload` was announced; a test that hears nothing times out. */
export async function hearWake(
  db: Database,
  payload: string,
  act: () => Promise<unknown>,
): Promise<void> {
  let hear: () => void = () => undefined;
  const heard = new Promise<void>((resolve) => {
    hear = resolve;
  });
  const listening = await db.listen(wakeChannel, (said) => {
    if (said === payload) hear();
  });
  try {
    await act();
    await heard;
  } finally {
    await listening.stop();
  }
}
