// The field that every type for people has: it alone decides whether a response's body is told.
import { z } from "zod";

export const includeOutput = z
  .boolean()
  .default(false)
  .meta({ description: "Adds the beginning of the last response's body." });
