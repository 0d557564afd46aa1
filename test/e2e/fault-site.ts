import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import type { Notice } from "../../src/alerts/notice.ts";
import { SilentProxy } from "../support/silent-proxy.ts";
import type { ControlPlane } from "./control-plane.ts";
import type { Daemon } from "./daemon.ts";
import { eventually } from "./eventually.ts";
import { faultRules, inWords } from "./fault-words.ts";
import { Kube, type KubeObject } from "./kube.ts";
import { writeKubeconfig } from "./kubeconfig.ts";
import { Receivers } from "./receivers.ts";
import { renderRbac, runRingbell } from "./ringbell.ts";
import { Stage } from "./stage.ts";

const SERVICE = "cassandra";

/** One JSON line of Ringbell's log. */
export interface LogLine {
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** What a site may have of its own. */
export interface FaultSiteOptions {
  readonly plane: ControlPlane;
  /** `10s` is the least that a rules file may say. */
  readonly blindAfter: string;
  /** `for` of one more rule. */
  readonly longFor?: string;
}

/**
 * A ring of three, and a Ringbell process that watches it through a proxy, as a service account that may do just what
 * `ringbell rbac` grants. The tests change the ring directly, past the proxy. Everything that Ringbell says goes to one
 * receiver. Each site has its own namespace, so that several can be at work on one control plane.
 */
export class FaultSite implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "ringbell-faults-"));
  readonly #cleanup = new AsyncDisposableStack();
  readonly #tokenFile = join(this.#folder, "token");
  readonly #manifests: KubeObject[] = [];
  #admin!: Kube;
  #receivers!: Receivers;
  #ringbell!: Daemon;
  #secret = "";
  #token = "";
  stage!: Stage;
  proxy!: SilentProxy;

  private constructor() {
    this.#cleanup.defer(() => rmSync(this.#folder, { recursive: true, force: true }));
  }

  /** Resolves when Ringbell watches, and has fired and resolved once: its baseline is the ring as it is then. */
  static async open(options: FaultSiteOptions): Promise<FaultSite> {
    const site = new FaultSite();
    try {
      await site.#build(options);
      return site;
    } catch (error) {
      await site[Symbol.asyncDispose]();
      throw error;
    }
  }

  get namespace(): string {
    return this.stage.namespace;
  }

  /** All notices so far, in words, by rule and in order. Throws when one was delivered twice. */
  told(): Readonly<Record<string, readonly string[]>> {
    const received = this.#receivers.at("/hook");
    const ids = received.map(({ headers }) => headers["webhook-id"]);
    if (new Set(ids).size < ids.length) throw new Error(`Delivered twice: ${ids.join(", ")}`);
    const notices = received.map(({ body }) => JSON.parse(body) as Notice);
    const byRule = Object.groupBy(notices, ({ rule }) => rule);
    return Object.fromEntries(
      Object.entries(byRule).map(([rule, ofRule = []]) => [rule, ofRule.map(inWords)]),
    );
  }

  /** Waits until a rule has said this as the last thing. */
  async untilTold(rule: string, words: string): Promise<void> {
    await eventually(
      `${rule}: ${words}`,
      () => this.#ringbell.mustBeAlive() && this.told()[rule]?.at(-1) === words,
      60_000,
    ).catch((error: unknown) => {
      const told = JSON.stringify(this.told(), undefined, 2);
      throw new Error(`told so far: ${told}\n${this.#ringbell.log()}`, { cause: error });
    });
  }

  /** Ringbell's log so far. */
  logs(): readonly LogLine[] {
    // The last line may still be on its way.
    const lines = this.#ringbell.log().split("\n").slice(0, -1);
    return lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as LogLine);
  }

  /** How its lists and watches have failed so far, by the log: every failure in order. */
  failures(): readonly unknown[] {
    return this.logs()
      .map(({ failure }) => failure)
      .filter((failure) => failure !== undefined);
  }

  /** Waits for a line of the log. */
  async untilLogged(what: string, holds: (line: LogLine) => boolean): Promise<LogLine> {
    return eventually(what, () => this.#ringbell.mustBeAlive() && this.logs().find(holds), 60_000).catch(
      (error: unknown) => {
        throw new Error(`the log so far:\n${this.#ringbell.log()}`, { cause: error });
      },
    );
  }

  /**
   * What every fault has to be survived with, done past the proxy: `cassandra-2` is gone for good and `cassandra-3` new in
   * its place, and `cassandra-0` is not ready.
   */
  async changeRing(): Promise<void> {
    await this.stage.deletePod("cassandra-2");
    await this.stage.createPod(SERVICE, "cassandra-3");
    await this.stage.setPodReady("cassandra-3", true);
    await this.stage.setPodReady("cassandra-0", false);
    await this.untilEndpoints({ ready: ["cassandra-1", "cassandra-3"], notReady: ["cassandra-0"] });
  }

  /** Waits until the Endpoints object lists just these. */
  async untilEndpoints(wanted: {
    readonly ready: readonly string[];
    readonly notReady: readonly string[];
  }): Promise<void> {
    await eventually(`Endpoints with ${JSON.stringify(wanted)}`, async () => {
      const { ready, notReady } = await this.stage.endpoints(SERVICE);
      return ready.join() === wanted.ready.join() && notReady.join() === wanted.notReady.join();
    });
  }

  /**
   * Ends a test: once the change is told, one member gets well and one joins, which Ringbell has to tell as the end of the
   * same episode and the next generation; then it is stopped, and says all that it still has to say. Nothing can come after that.
   */
  async finish(): Promise<void> {
    await this.untilTold("changed", "generation 0 to 1: left cassandra-2, joined cassandra-3");
    await this.stage.setPodReady("cassandra-0", true);
    await this.untilTold("below-three", "resolve 2");
    await this.stage.createPod(SERVICE, "cassandra-4");
    await this.untilTold("changed", "generation 1 to 2: joined cassandra-4");
    const code = await this.#ringbell.stop();
    if (code !== 0) throw new Error(`Ringbell ended with ${code}:\n${this.#ringbell.log()}`);
  }

  /** Puts a new token in the place of the one that Ringbell has, and resolves when the old one is refused. */
  async rotateToken(): Promise<void> {
    const [oldSecret, oldToken] = [this.#secret, this.#token];
    await this.#writeToken("second");
    await this.stage.deleteSecret(oldSecret);
    const old = await Kube.connect(this.#kubeconfig("old.kubeconfig", this.#admin.server, oldToken));
    // The API server remembers for 10 s that a token was good.
    await eventually(
      "the old token is refused",
      async () => (await old.ask("GET", this.#watchedPath())).status === 401,
    );
  }

  async withdrawRole(): Promise<void> {
    await this.stage.withdraw(this.#role());
    await eventually("Ringbell's account is refused", async () => (await this.#asRingbell()) === 403);
  }

  async restoreRole(): Promise<void> {
    await this.stage.apply(this.#role());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cleanup.disposeAsync();
  }

  async #build({ plane, blindAfter, longFor }: FaultSiteOptions): Promise<void> {
    this.#admin = await Kube.connect(plane.kubeconfig);
    this.stage = await Stage.set(this.#admin);
    this.#cleanup.defer(() => this.stage.abandon());
    this.proxy = await SilentProxy.start(plane.apiPort);
    this.#cleanup.defer(() => this.proxy.close());
    this.#receivers = await Receivers.open();
    this.#cleanup.defer(() => this.#receivers.close());

    const rules = join(this.#folder, "rules.yaml");
    const [namespace, hook] = [this.namespace, this.#receivers.url("/hook")];
    writeFileSync(rules, faultRules({ namespace, service: SERVICE, hook, blindAfter, longFor }));
    for (const document of parseAllDocuments(renderRbac(rules, this.namespace)))
      this.#manifests.push(document.toJS() as KubeObject);
    await this.#writeToken("first");
    for (const manifest of this.#manifests) await this.stage.apply(manifest);
    await eventually("the Role counts", async () => (await this.#asRingbell()) === 200);
    await this.#makeRing();

    const server = this.proxy.url.replace(/^http:/, "https:");
    const kubeconfig = this.#kubeconfig("kubeconfig", server, { file: this.#tokenFile });
    this.#ringbell = await runRingbell({ rules, kubeconfig, folder: this.#folder, env: {} });
    this.#cleanup.defer(async () => void (await this.#ringbell.stop()));
    await this.untilTold("below-three", "fire 1");
    await this.stage.setPodReady("cassandra-0", true);
    await this.untilTold("below-three", "resolve 1");
  }

  /** Not all ready: when that is told after its hold of 2 s, then the changes' settle time of 1 s is over. */
  async #makeRing(): Promise<void> {
    await this.stage.createService(SERVICE);
    const pods = ["cassandra-0", "cassandra-1", "cassandra-2"];
    for (const pod of pods) await this.stage.createPod(SERVICE, pod);
    for (const pod of pods.slice(1)) await this.stage.setPodReady(pod, true);
    await this.untilEndpoints({ ready: pods.slice(1), notReady: pods.slice(0, 1) });
  }

  async #writeToken(secret: string): Promise<void> {
    this.#secret = secret;
    this.#token = await this.stage.tokenFor("ringbell", secret);
    writeFileSync(this.#tokenFile, `${this.#token}\n`, { mode: 0o600 });
  }

  /** The status that a request with Ringbell's token of now gets. */
  async #asRingbell(): Promise<number> {
    const own = await Kube.connect(this.#kubeconfig("own.kubeconfig", this.#admin.server, this.#token));
    return (await own.ask("GET", this.#watchedPath())).status;
  }

  /** What Ringbell lists and watches. */
  #watchedPath(): string {
    return `/api/v1/namespaces/${this.namespace}/endpoints?fieldSelector=metadata.name%3D${SERVICE}`;
  }

  #kubeconfig(name: string, server: string, token: string | { readonly file: string }): string {
    return writeKubeconfig(join(this.#folder, name), { server, ca: this.#admin.ca, token });
  }

  #role(): KubeObject {
    const role = this.#manifests.find(({ kind }) => kind === "Role");
    if (!role) throw new Error("`ringbell rbac` has rendered no Role");
    return role;
  }
}
