import { z } from "zod";
import type { DestinationKinds } from "../../src/rules/build-destinations.ts";
import { secretRefSchema, urlSchema } from "../../src/rules/secret-ref.ts";

/** Destination kinds for tests of rules files, so that these do not depend on the real ones. */
export const TEST_KINDS: DestinationKinds = new Map([
  ["slack", { schema: z.strictObject({ webhookUrl: secretRefSchema }) }],
  ["pagerduty", { schema: z.strictObject({ routingKey: secretRefSchema }) }],
  [
    "webhook",
    {
      schema: z.strictObject({
        url: urlSchema,
        signingSecret: secretRefSchema.optional(),
        headers: z.record(z.string(), z.union([z.string(), secretRefSchema])).optional(),
        method: z.enum(["POST", "PUT"]).default("POST"),
      }),
    },
  ],
]);
