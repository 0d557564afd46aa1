import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { TextDocument } from "yaml-language-server/lib/umd/languageservice/jsonLanguageTypes.js";
import { getLanguageService } from "yaml-language-server/lib/umd/languageservice/yamlLanguageService.js";
import { schemaText } from "../../src/commands/schema-command.ts";
import { BROKEN_RULES, GOOD_RULES } from "../support/broken-rules.ts";

const CURSOR = "‸";

/** What editors make of the schema: the language server that they run, on a file whose first line names it. */
class Editor {
  readonly #service = getLanguageService({
    schemaRequestService: (uri) =>
      uri === "file:///rules/rules.schema.json"
        ? Promise.resolve(schemaText())
        : Promise.reject(new Error(`no schema at ${uri}`)),
    workspaceContext: { resolveRelativePath: (path) => path },
  });
  #opened = 0;

  constructor() {
    this.#service.configure({ validate: true, hover: true, completion: true });
  }

  /** Opens a text; `‸` is where the cursor stands. */
  open(text: string) {
    const whole = `# yaml-language-server: $schema=./rules.schema.json\n${text}`;
    const cursor = Math.max(0, whole.indexOf(CURSOR));
    // It remembers documents by their URI.
    const uri = `file:///rules/${++this.#opened}.yaml`;
    const document = TextDocument.create(uri, "yaml", this.#opened, whole.replace(CURSOR, ""));
    const position = document.positionAt(cursor);
    return {
      problems: async () =>
        (await this.#service.doValidation(document, false)).map(({ message, range }) => ({
          message,
          at: document.getText(range),
        })),
      offered: async () =>
        (await this.#service.doComplete(document, position, false)).items.map(({ label }) => label),
      hover: async () => JSON.stringify((await this.#service.doHover(document, position))?.contents ?? ""),
    };
  }
}

const editor = new Editor();
const RULE = `version: 1
destinations:
  data-team:
    slack: { webhookUrl: { env: SLACK_WEBHOOK_URL } }
rules:
  - name: below-quorum
    ring: { namespace: data, service: cassandra }
    notify: [data-team]
`;

describe("in an editor", () => {
  test("the example file has no problem", async () => {
    const example = readFileSync(new URL("../../rules.example.yaml", import.meta.url), "utf8");
    expect(await editor.open(example).problems()).toEqual([]);
    expect(await editor.open(GOOD_RULES).problems()).toEqual([]);
  });

  test("an unknown key is underlined", async () => {
    const problems = await editor.open(`${RULE}    when: { readyBelow: 3 }\n    fro: 30s\n`).problems();
    expect(problems).toEqual([{ message: "Property fro is not allowed.", at: "fro" }]);
  });

  test("a wrong duration is told in words", async () => {
    const problems = await editor.open(BROKEN_RULES["duration-with-space"] ?? "").problems();
    expect(problems).toEqual([{ message: "must be a duration such as 90s, 5m or 1h30m", at: "5 min" }]);
  });

  test.each([
    [
      "the keys of a rule that are not there yet",
      `${RULE}    on: [left]\n    ‸\n`,
      ["settle", "maxWait", "severity"],
      ["notify", "ring"],
    ],
    [
      "conditions",
      `${RULE}    when:\n      ‸\n`,
      ["readyBelow", "membersBelow", "noneReady", "missing"],
      ["name"],
    ],
    [
      "kinds of destination",
      "version: 1\ndestinations:\n  a:\n    ‸\nrules: []\n",
      ["slack", "pagerduty", "webhook", "retryFor"],
      ["webhookUrl"],
    ],
    [
      "settings of a kind",
      "version: 1\ndestinations:\n  a:\n    webhook:\n      ‸\nrules: []\n",
      ["url", "headers", "signingSecret", "retryFor"],
      ["routingKey"],
    ],
    ["words", `${RULE}    severity: ‸\n`, ["critical", "error", "warning", "info"], []],
    ["keys of the file", "version: 1\n‸\n", ["destinations", "rules", "defaults", "selfNotify"], ["version"]],
  ])("completion offers %s", async (_what, text, wanted, others) => {
    const offered = await editor.open(text).offered();
    expect(offered).toEqual(expect.arrayContaining(wanted));
    for (const other of others) expect(offered).not.toContain(other);
  });

  test("hovering shows what a key means", async () => {
    expect(await editor.open(`${RULE}    on: [left]\n    sett‸le: 60s\n`).hover()).toContain(
      "a Pod that is back within it never left",
    );
    expect(await editor.open(RULE.replace("webhookUrl", "webh‸ookUrl")).hover()).toContain(
      "who has it can post",
    );
  });
});
