// Loaded before the program, it steps the clock of this one process: by TEST_CLOCK_STEP_MS, at
// SIGUSR2. Steady time goes on as ever, as it does on a machine whose clock is set.
const step = Number(process.env.TEST_CLOCK_STEP_MS);
const RealDate = Date;
let shiftMs = 0;

process.on("SIGUSR2", () => {
  shiftMs = step;
});

const now = () => RealDate.now() + shiftMs;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  apply: () => new RealDate(now()).toString(),
  get: (target, key) => (key === "now" ? now : Reflect.get(target, key)),
});
