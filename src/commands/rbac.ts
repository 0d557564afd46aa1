import { rbacYaml, type RbacSubject } from "../cluster/rbac.ts";
import type { WatchScope } from "../cluster/watch-plan.ts";

/** The watch plan of a rules file, or what is wrong with the file, ready to be printed. */
export type LoadedScopes = { readonly scopes: readonly WatchScope[] } | { readonly problems: string };

/** What `ringbell rbac` needs of the world. */
export interface RbacIo {
  readonly loadScopes: (path: string) => LoadedScopes | Promise<LoadedScopes>;
  readonly writeOut: (text: string) => void;
  readonly writeError: (text: string) => void;
}

/**
 * `ringbell rbac RULES…`: prints the roles and bindings that the watch plan of these rules needs.
 * Returns the exit code: 0, or 1 when a rules file has problems; then nothing is printed that could be applied.
 */
export async function rbac(rulesPaths: readonly string[], subject: RbacSubject, io: RbacIo): Promise<number> {
  const scopes: WatchScope[] = [];
  let failed = false;
  for (const path of rulesPaths) {
    const loaded = await io.loadScopes(path);
    if ("problems" in loaded) {
      io.writeError(`${loaded.problems.trimEnd()}\n`);
      failed = true;
    } else {
      scopes.push(...loaded.scopes);
    }
  }
  if (failed) return 1;
  io.writeOut(rbacYaml(scopes, subject));
  return 0;
}
