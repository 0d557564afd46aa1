import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import type { Notice } from "../../src/alerts/notice.ts";
import type { Standing } from "../../src/alerts/standing.ts";
import type { Crew } from "./crew.ts";
import type { Daemon } from "./daemon.ts";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";
import type { LogLine } from "./fault-site.ts";
import type { Kube, KubeObject } from "./kube.ts";
import { writeKubeconfig } from "./kubeconfig.ts";
import { Receivers } from "./receivers.ts";
import { renderRbac, runRingbell } from "./ringbell.ts";

/** Longer than the 40 s after which Kubernetes finds a node dead, and then some. */
const PATIENCE_MS = 90_000;

/** What a site is made of. */
export interface WatchSiteOptions {
  readonly admin: Kube;
  readonly crew: Crew;
  /** The rules file, given where its webhook is. */
  readonly rules: (hook: string) => string;
  /** What is left of the rights that `ringbell rbac` prints; without it all. */
  readonly grant?: (manifest: KubeObject) => KubeObject;
}

/** A Ringbell process that watches a crew's namespace with the rights that `ringbell rbac` prints, and hears of itself on one webhook. */
export class WatchSite {
  readonly folder = mkdtempSync(join(tmpdir(), "ringbell-watch-"));
  readonly rulesPath = join(this.folder, "rules.yaml");
  readonly #options: WatchSiteOptions;
  readonly #granted: KubeObject[] = [];
  #receivers!: Receivers;
  #ringbell!: Daemon;
  /** Of its service account. */
  kubeconfig = "";
  /** Where its API is. */
  url = "";

  private constructor(options: WatchSiteOptions) {
    this.#options = options;
  }

  /** Prepares all but the process. */
  static async open(options: WatchSiteOptions): Promise<WatchSite> {
    const site = new WatchSite(options);
    const { admin, crew, grant = (manifest: KubeObject) => manifest } = options;
    site.#receivers = await Receivers.open();
    site.writeRules(options.rules);
    for (const manifest of site.#rendered()) await site.grant(grant(manifest));
    const access = { server: admin.server, ca: admin.ca, token: await crew.stage.tokenFor("ringbell") };
    site.kubeconfig = writeKubeconfig(join(site.folder, "kubeconfig"), access);
    return site;
  }

  /** Starts `ringbell run`; resolves when `/readyz` says that it is ready. */
  async start(): Promise<void> {
    const listen = `127.0.0.1:${await freePort()}`;
    this.url = `http://${listen}`;
    const { rulesPath: rules, kubeconfig, folder } = this;
    this.#ringbell = await runRingbell({ rules, kubeconfig, folder, env: {}, listen });
  }

  /** Ends Ringbell and resolves with its exit code. */
  async stop(): Promise<number | null> {
    return this.#ringbell.stop();
  }

  async close(): Promise<void> {
    await this.#ringbell?.stop();
    for (const manifest of this.#granted) await this.#options.crew.stage.withdraw(manifest);
    await this.#receivers.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  writeRules(rules: (hook: string) => string): void {
    writeFileSync(this.rulesPath, rules(this.#receivers.url("/hook")));
  }

  async grant(manifest: KubeObject): Promise<void> {
    await this.#options.crew.stage.apply(manifest);
    this.#granted.push(manifest);
  }

  /** Puts in the place of what was granted all that `ringbell rbac` prints. */
  async grantAll(): Promise<void> {
    for (const manifest of this.#granted.splice(0)) await this.#options.crew.stage.withdraw(manifest);
    for (const manifest of this.#rendered()) await this.grant(manifest);
  }

  /** What a rule has told so far. Throws when anything was delivered twice. */
  told(rule: string): readonly Notice[] {
    const received = this.#receivers.at("/hook");
    const ids = received.map(({ headers }) => headers["webhook-id"]);
    if (new Set(ids).size < ids.length) throw new Error(`Delivered twice: ${ids.join(", ")}`);
    const notices = received.map(({ body }) => JSON.parse(body) as Notice);
    return notices.filter((notice) => notice.rule === rule);
  }

  /** Waits until a rule has told so much, and resolves with that. */
  async untilTold(rule: string, count: number): Promise<readonly Notice[]> {
    return this.#until(`${rule} has told ${count}`, () => {
      const told = this.told(rule);
      return told.length >= count && told;
    });
  }

  /** Waits until each of these change rules has a settled state, so that what happens next is a change. */
  async untilSettled(rules: readonly string[]): Promise<void> {
    await this.#until(`settled: ${rules.join(", ")}`, async () => {
      const settled = (await this.standings()).filter(({ phase }) => phase === "settled");
      return rules.every((name) => settled.some(({ rule }) => rule === name));
    });
  }

  /** Where its rules stand. */
  async standings(): Promise<readonly Standing[]> {
    const answer = await fetch(`${this.url}/api/v1/standings`);
    return (await answer.json()) as readonly Standing[];
  }

  /** Waits for a line of the log. */
  async untilLogged(what: string, holds: (line: LogLine) => boolean): Promise<LogLine> {
    return this.#until(what, () => this.logs().find(holds));
  }

  /** The log so far. */
  logs(): readonly LogLine[] {
    // The last line may still be on its way.
    const lines = this.#ringbell.log().split("\n").slice(0, -1);
    return lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as LogLine);
  }

  async #until<T>(
    what: string,
    look: () => T | false | undefined | Promise<T | false | undefined>,
  ): Promise<T> {
    return eventually(what, () => this.#ringbell.mustBeAlive() && look(), PATIENCE_MS).catch(
      (error: unknown) => {
        throw new Error(`${what}; the log so far:\n${this.#ringbell.log()}`, { cause: error });
      },
    );
  }

  #rendered(): readonly KubeObject[] {
    const documents = parseAllDocuments(renderRbac(this.rulesPath, this.#options.crew.namespace));
    return documents.map((document) => document.toJS() as KubeObject);
  }
}

/** `cassandra-4: scaledDown` of each member that left, in order. */
export function whyLeft({ change }: Notice): readonly string[] {
  return (change?.left ?? []).map(({ name }) => {
    const { reason } = change?.departures?.find((departure) => departure.name === name) ?? {};
    return `${name}: ${reason ?? "not said"}`;
  });
}
