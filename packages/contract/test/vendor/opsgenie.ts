// Answers as the Alert API of Opsgenie and of Jira Service Management does, by the rules of their
// documentation, written down apart from the code that makes the alerts. For tests, never shipped.
import { z } from "zod";
import type { Reply } from "../../src/channels/verdict.ts";
import { readJson, toJsonReply, type VendorRequest } from "../json-reply.ts";

const userAndSource = {
  user: z.string().max(100).optional(),
  source: z.string().max(100).optional(),
};

/** https://docs.opsgenie.com/docs/alert-api#create-alert */
export const requestBody = z.strictObject({
  message: z.string().min(1).max(130),
  alias: z.string().max(512).optional(),
  description: z.string().max(15_000).optional(),
  tags: z.array(z.string().max(50)).max(20).optional(),
  details: z
    .record(z.string(), z.string())
    .refine((details) => JSON.stringify(details).length <= 8000, "Details can be 8000 characters")
    .optional(),
  entity: z.string().max(512).optional(),
  priority: z.enum(["P1", "P2", "P3", "P4", "P5"]).optional(),
  note: z.string().optional(),
  ...userAndSource,
});

/** https://github.com/opsgenie/opsgenie-oas/blob/master/definitions/alert.yaml */
export const actionBody = z.strictObject({ note: z.string().min(1).optional(), ...userAndSource });

// https://docs.opsgenie.com/docs/alert-api and
// https://developer.atlassian.com/cloud/jira/service-desk-ops/rest/v1/api-group-integration-events/
const endpoints = [
  "https://api.opsgenie.com/v2/alerts",
  "https://api.eu.opsgenie.com/v2/alerts",
  "https://api.atlassian.com/jsm/ops/integration/v2/alerts",
];

/** What the Alert API says to a request. */
export function answer(request: VendorRequest): Reply {
  const endpoint = endpoints.find((one) => request.url.startsWith(one));
  if (endpoint === undefined) return { statusCode: 404, headers: {}, body: "" };
  if (!/^GenieKey \S+$/.test(request.headers?.authorization ?? "")) {
    return refuse(401, "Could not authenticate");
  }
  const schema = schemaOf(request.url.slice(endpoint.length));
  if (schema === undefined) return refuse(404, "Resource or handler not found");
  const json = readJson(request);
  if (json === undefined) return refuse(400, "Invalid JSON body");
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const errors = parsed.error.issues.map(({ path: [field = ""], message }) => [field, message]);
    const message = "Request body is not processable. Please check the errors.";
    return refuse(422, message, Object.fromEntries(errors));
  }
  return toJsonReply(202, { result: "Request will be processed", took: 0.1, requestId: "1" });
}

function schemaOf(path: string): z.ZodType | undefined {
  if (path === "") return requestBody;
  // An alias is found as one only when the query says so: `identifierType` is `id` by default.
  return /^\/[^/?]{1,512}\/(?:close|notes)\?identifierType=alias$/.test(path)
    ? actionBody
    : undefined;
}

function refuse(statusCode: number, message: string, errors?: object): Reply {
  const details = errors === undefined ? {} : { errors };
  return toJsonReply(statusCode, { message, ...details, took: 0.1, requestId: "1" });
}
