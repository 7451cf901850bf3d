// Explanations: why something went as it did, in sentences that people read from top to bottom.
import { z } from "zod";
import { pathId } from "./fields.ts";
import { route } from "./route.ts";

const explanation = z.object({ sentences: z.array(z.string()) }).meta({ id: "Explanation" });

const params = z.object({ id: pathId });

export const explanationRoutes = {
  explainExecution: route({
    method: "GET",
    path: "/v1/executions/:id/explanation",
    tag: "Executions",
    role: "member",
    resource: "executions",
    summary: "Explain an execution and who was told of it",
    description:
      "Why it ran when it did, what each attempt came to, which rules its end fired, and why a " +
      "notification did or did not go out.",
    params,
    response: explanation,
    status: 200,
  }),
  explainDelivery: route({
    method: "GET",
    path: "/v1/notification-deliveries/:id/explanation",
    tag: "Deliveries",
    role: "member",
    resource: "deliveries",
    summary: "Explain a delivery",
    description: "Why it was made, what each try came to, and what happens next and why then.",
    params,
    response: explanation,
    status: 200,
  }),
};
