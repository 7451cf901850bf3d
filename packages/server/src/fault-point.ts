// Named places where the product's own tests kill the process, as a power cut would.
// Without TRIGRUN_FAULT_POINT every call is an empty function: nothing is looked up, nothing waits.

/** Every place, in the order in which work passes them. The fault suite visits each one. */
export const faultPoints = [
  "planner.claimed",
  "planner.planned",
  "runner.claimed",
  "runner.called",
  "runner.answered",
  "runner.settled",
  "sender.claimed",
  "sender.called",
  "sender.answered",
  "sender.settled",
] as const;

/** The first token is in its file, and the transaction that makes it valid has not ended. */
export const startFaultPoint = "start.token_written";

/** A batch of sealed values was sealed again, and that is committed. */
export const rotateFaultPoint = "rotate.resealed";

export type FaultPoint =
  | (typeof faultPoints)[number]
  | typeof startFaultPoint
  | typeof rotateFaultPoint;

/** `name` kills at the first visit, `name:3` at the third. */
function createFaultPoint(setting: string | undefined): (point: FaultPoint) => void {
  if (setting === undefined) return () => undefined;
  const [name, count = "1"] = setting.split(":");
  let left = Number(count);
  return (point) => {
    if (point !== name) return;
    left -= 1;
    if (left <= 0) process.kill(process.pid, "SIGKILL");
  };
}

/** Read once: the setting belongs to the process. */
export const faultPoint = createFaultPoint(process.env.TRIGRUN_FAULT_POINT);
