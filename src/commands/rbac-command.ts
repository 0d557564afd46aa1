import type { Command } from "commander";
import { planFor } from "../app.ts";
import { type Cli, Exit, loadOrExit } from "./cli.ts";
import { rbac } from "./rbac.ts";

/** `ringbell rbac`. */
export function registerRbac(program: Command, cli: Cli): void {
  program
    .command("rbac")
    .description("print the Roles and bindings that rules files need, and no more")
    .argument("<file...>", "rules files; - for standard input")
    .option("--service-account <name>", "who is allowed", "ringbell")
    .option("--namespace <name>", "the service account's namespace", "ringbell")
    .action(
      async (
        paths: string[],
        { serviceAccount, namespace }: { serviceAccount: string; namespace: string },
      ) => {
        const loadScopes = (path: string) => {
          const { scopes, objects } = planFor(loadOrExit(path, cli).file);
          return { scopes: [...scopes, ...objects] };
        };
        const subject = { name: "ringbell", serviceAccount, serviceAccountNamespace: namespace };
        const { writeOut, writeError } = cli;
        throw new Exit(await rbac(paths, subject, { loadScopes, writeOut, writeError }));
      },
    );
}
