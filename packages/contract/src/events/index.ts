// What happened: names and payloads. One line for each family of events.
export * from "./channel-disabled.ts";
export * from "./delivery.ts";
export * from "./digest.ts";
export * from "./execution.ts";
