import type { Command } from "commander";
import { destinationKinds } from "../destinations/registry.ts";
import { rulesJsonSchema } from "../rules/json-schema.ts";
import type { Cli } from "./cli.ts";

/** `ringbell schema`. */
export function registerSchema(program: Command, cli: Cli): void {
  program
    .command("schema")
    .description("print the JSON Schema of rules files, for editors and other tools")
    .action(() => cli.writeOut(schemaText()));
}

/** What `ringbell schema` prints; `rules.schema.json` holds the same. */
export function schemaText(): string {
  return `${JSON.stringify(rulesJsonSchema(destinationKinds), undefined, 2)}\n`;
}
