// The public face of the contract: every wire format of TrigRun. Pure; no I/O, no clock.
export * from "./api/auth.ts";
export * from "./api/channels.ts";
export * from "./api/client.ts";
export * from "./api/deliveries.ts";
export * from "./api/errors.ts";
export * from "./api/executions.ts";
export * from "./api/fields.ts";
export * from "./api/index.ts";
export * from "./api/jobs.ts";
export * from "./api/openapi.ts";
export * from "./api/phases.ts";
export * from "./api/route.ts";
export * from "./api/rules.ts";
export * from "./api/schedules.ts";
export * from "./api/secrets.ts";
export * from "./channels/index.ts";
export * from "./events/index.ts";
