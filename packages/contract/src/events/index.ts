// What happened: names and payloads. One line for each family of events.
export * from "./execution.ts";
