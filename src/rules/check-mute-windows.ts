import { isFields } from "./build-destinations.ts";
import { didYouMean } from "./nearest.ts";
import type { Finding } from "./problem.ts";
import { keySpan, valueSpan } from "./yaml-document.ts";
import type { YamlDocument, YamlPath } from "./yaml-document.ts";

/**
 * Checks every `mute` of a rules file, of rules, defaults and destinations: a name that no window has or that stands twice
 * is an error, a window that nobody names a warning. Works on the file's own values, right or not.
 */
export function checkMuteWindows(yaml: YamlDocument, findings: Finding[]): void {
  const root = isFields(yaml.value) ? yaml.value : {};
  const windows = isFields(root["muteWindows"]) ? Object.keys(root["muteWindows"]) : [];
  const uses = muteLists(root);
  const problems = uses.flatMap(({ names, path }) => namesFindings(names, path, windows, yaml));
  findings.push(...problems);
  // A window may only seem unused while a name is misspelt.
  if (problems.length > 0) return;
  const used = new Set(uses.flatMap(({ names }) => names));
  for (const name of windows.filter((window) => !used.has(window))) {
    const span = keySpan(yaml, ["muteWindows", name]);
    const message = `no rule and no destination names mute window "${name.slice(0, 100)}"`;
    findings.push({ severity: "warning", span, message });
  }
}

interface MuteList {
  readonly names: readonly unknown[];
  readonly path: YamlPath;
}

function muteLists(root: Readonly<Record<string, unknown>>): MuteList[] {
  const { destinations, defaults, rules } = root;
  const holders: (readonly [unknown, YamlPath])[] = [
    ...Object.entries(isFields(destinations) ? destinations : {}).map(
      ([name, value]) => [value, ["destinations", name]] as const,
    ),
    [defaults, ["defaults"]],
    ...(Array.isArray(rules) ? rules : []).map((rule: unknown, index) => [rule, ["rules", index]] as const),
  ];
  return holders.flatMap(([holder, path]) => {
    const names: unknown = isFields(holder) ? holder["mute"] : undefined;
    return Array.isArray(names) ? [{ names, path: [...path, "mute"] }] : [];
  });
}

function namesFindings(
  names: readonly unknown[],
  path: YamlPath,
  windows: readonly string[],
  yaml: YamlDocument,
): Finding[] {
  return names.flatMap((name, index): Finding[] => {
    if (typeof name !== "string") return [];
    const span = valueSpan(yaml, [...path, index]);
    if (windows.includes(name)) {
      if (names.indexOf(name) === index) return [];
      return [{ severity: "error", span, message: `mute window "${name}" stands twice in this list` }];
    }
    const match = didYouMean(name, windows);
    const known = windows.length > 0 ? windows.join(", ") : "none; they stand below muteWindows";
    const hint = match === "" ? `mute windows in this file: ${known}` : undefined;
    return [
      { severity: "error", span, message: `unknown mute window "${name.slice(0, 100)}"${match}`, hint },
    ];
  });
}
