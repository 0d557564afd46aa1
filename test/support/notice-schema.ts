import { Ajv2020 } from "ajv/dist/2020.js";
import schema from "../../notice.schema.json" with { type: "json" };

// The schema states every time's form as a pattern as well; formats need another package.
const validate = new Ajv2020({
  strict: true,
  strictRequired: false,
  allErrors: true,
  validateFormats: false,
}).compile(schema);

/** What `notice.schema.json` finds wrong with a webhook's body: `/ring/key must be string`, … */
export function noticeIssues(body: unknown): readonly string[] {
  if (validate(body)) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ""}`);
}
