/**
 * `npm run build`: bundles `src/main.ts` and all it imports into one file, `dist/ringbell.js`, which needs Node and
 * nothing else. Next to it go the licences of what was bundled, the example rules file and the JSON Schemas.
 *
 *     node scripts/build.ts [--out FOLDER] [--sourcemap]
 */
import {
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { build, type Metafile, type Plugin } from "esbuild";

const root = resolve(import.meta.dirname, "..");

/**
 * Of client-node only KubeConfig is used, but its package does not say that importing a module does nothing by itself, so
 * all models of the Kubernetes API would come along: 650 kB of code to load, and some 15 MiB of memory.
 */
const onlyWhatIsUsed: Plugin = {
  name: "only-what-is-used",
  setup({ onResolve, resolve: resolveAgain }) {
    onResolve({ filter: /^\.|^@kubernetes\/client-node$/ }, async ({ path, pluginData, ...from }) => {
      const isOurs = path.startsWith(".") && !from.resolveDir.includes(join("@kubernetes", "client-node"));
      if (isOurs || pluginData === onlyWhatIsUsed) return undefined;
      const found = await resolveAgain(path, { ...from, pluginData: onlyWhatIsUsed });
      return { ...found, sideEffects: false };
    });
  },
};
const { values: options } = parseArgs({
  options: {
    out: { type: "string", default: join(root, "dist") },
    sourcemap: { type: "boolean", default: false },
  },
});
const out = resolve(options.out);
const bundlePath = join(out, "ringbell.js");

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const result = await build({
  absWorkingDir: root,
  entryPoints: ["src/main.ts"],
  outfile: bundlePath,
  bundle: true,
  platform: "node",
  target: "node24",
  format: "esm",
  // esbuild prefers CommonJS for Node; the ES modules of the same packages lose unused code.
  mainFields: ["module", "main"],
  // An ES module has no `require`; the bundled CommonJS packages call it for Node's own modules.
  banner: {
    js: 'import { createRequire as ringbellCreateRequire } from "node:module";\nconst require = ringbellCreateRequire(import.meta.url);',
  },
  minifyWhitespace: true,
  minifySyntax: true,
  // Identifiers stay, and so do the names of classes that had to be renamed: logs and stack traces show them.
  keepNames: true,
  // A stack trace that points into one line of three million characters helps nobody.
  lineLimit: 160,
  legalComments: "none",
  sourcemap: options.sourcemap ? "linked" : false,
  metafile: true,
  logLevel: "warning",
  plugins: [onlyWhatIsUsed],
}).catch(() => process.exit(1)); // esbuild has said why.

writeFileSync(join(out, "LICENSES.txt"), licences(bundledPackages(result.metafile)));
// The image has no other package.json, and Node would have to guess the module format without one.
writeFileSync(join(out, "package.json"), `${JSON.stringify({ type: "module", private: true })}\n`);
for (const file of [
  "rules.example.yaml",
  ...globSync(["*.schema.json", "docs/*.schema.json"], { cwd: root }),
]) {
  if (existsSync(join(root, file))) copyFileSync(join(root, file), join(out, basename(file)));
}

const bundle = readFileSync(bundlePath);
const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(2)} MiB`;
console.log(
  `${bundlePath}: ${mib(bundle.length)} (${bundle.length} bytes), ${mib(gzipSync(bundle).length)} gzipped`,
);

/** Folders of the packages that have at least one byte in the bundle, in order. */
function bundledPackages(metafile: Metafile): string[] {
  const folders = new Set<string>();
  for (const output of Object.values(metafile.outputs)) {
    for (const [path, input] of Object.entries(output.inputs)) {
      const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
      if (folder && input.bytesInOutput > 0) folders.add(folder);
    }
  }
  return [...folders].toSorted();
}

/** The text that the licences of bundled packages ask to be handed on with them. */
function licences(folders: readonly string[]): string {
  const parts = folders.map((folder) => {
    const path = join(root, folder);
    const about = JSON.parse(readFileSync(join(path, "package.json"), "utf8")) as Record<string, unknown>;
    const files = readdirSync(path).filter((name) => /^(licen[cs]e|notice|copying)/i.test(name));
    const texts = files.map((name) => readFileSync(join(path, name), "utf8").trim());
    return [
      `${String(about["name"])} ${String(about["version"])} (${String(about["license"])})`,
      ...texts,
    ].join("\n\n");
  });
  return `${parts.join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
}
