import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

/** A file of `src/` with what the rules about its shape look at. */
export interface SourceFile {
  /** From `src/`: `ring/compare-rings.ts`. */
  readonly path: string;
  /** The first folder of `path`, or the file's own name at the top: `ring`, `main.ts`. */
  readonly room: string;
  readonly lines: readonly string[];
  /** Paths from `src/` of the project's own files that it imports, types included. */
  readonly imports: readonly string[];
  /** Those of them that are left when types have been stripped. */
  readonly runtimeImports: readonly string[];
}

/** Every TypeScript file of `src/`, in order of its path. */
export function sourceFiles(): SourceFile[] {
  return globSync("**/*.ts", { cwd: join(ROOT, "src") })
    .toSorted()
    .map((path) => parseSource(path, readFileSync(join(ROOT, "src", path), "utf8")));
}

/** A file as `sourceFiles` would read it. */
export function parseSource(path: string, text: string): SourceFile {
  const found = [...text.matchAll(IMPORT)].map(([statement, from, dynamic]) => ({
    path: relative("/src", join("/src", dirname(path), from ?? dynamic ?? "")),
    erased: /^(?:import|export) type\b/.test(statement),
  }));
  return {
    path,
    room: path.split("/")[0] ?? path,
    lines: text.replace(/\n$/, "").split("\n"),
    imports: found.map((each) => each.path),
    runtimeImports: found.filter(({ erased }) => !erased).map((each) => each.path),
  };
}

const IMPORT = /^(?:import|export)\b[^;"']*?from\s+"(\.[^"]+)"|\bimport\(\s*"(\.[^"]+)"/gms;

/** The lines without what stands in comments, numbered from 1. Text in strings stays. */
export function codeLines(file: SourceFile): { readonly number: number; readonly text: string }[] {
  let inBlock = false;
  return file.lines.map((line, index) => {
    let text = line;
    if (inBlock) {
      const end = text.indexOf("*/");
      if (end === -1) return { number: index + 1, text: "" };
      inBlock = false;
      text = text.slice(end + 2);
    }
    text = text.replace(/\/\*.*?\*\//g, "");
    const start = /^\s*\/\*/.exec(text);
    if (start) {
      inBlock = true;
      return { number: index + 1, text: "" };
    }
    return { number: index + 1, text: text.replace(/(^|\s)\/\/.*$/, "") };
  });
}

/**
 * Exports without a doc comment directly above, as `path:line: name`.
 * A type made from the documented constant of the line above shares its comment.
 */
export function undocumentedExports(file: SourceFile): string[] {
  const missing: string[] = [];
  let documentedLine = 0;
  for (const { number, text } of codeLines(file)) {
    const name = EXPORT.exec(text)?.[1];
    if (name === undefined) continue;
    const above = file.lines[number - 2]?.trim() ?? "";
    const shares = documentedLine === number - 1 && text.startsWith("export type");
    if (above.endsWith("*/") || shares) documentedLine = number;
    else missing.push(`${file.path}:${number}: ${name}`);
  }
  return missing;
}

const EXPORT = /^export (?:abstract |async )*(?:function\*?|const|class|type|interface) +([A-Za-z_$][\w$]*)/;
