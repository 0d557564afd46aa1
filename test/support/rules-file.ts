import { destinationKinds } from "../../src/destinations/registry.ts";
import { formatProblems } from "../../src/rules/format-problems.ts";
import { loadRules, type RulesFile } from "../../src/rules/load-rules.ts";

/** The rules of a YAML text below `rules:`, all telling the webhook `hook`. Fails with the loader's own words. */
export function rulesFile(rules: string, hook = "http://127.0.0.1:9/"): RulesFile {
  const text = `version: 1\ndestinations:\n  hook: { webhook: { url: "${hook}" } }\ndefaults: { notify: [hook] }\nrules:\n${rules}`;
  const loaded = loadRules(text, "rules.yaml", destinationKinds);
  if (!loaded.ok) throw new Error(formatProblems(loaded.problems, false));
  return loaded.file;
}
