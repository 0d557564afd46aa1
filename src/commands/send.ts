import { Courier, type Destination, sendOnce } from "../destinations/courier.ts";
import type { AnyDestinationKind } from "../destinations/registry.ts";
import { sendHint } from "../destinations/send-hints.ts";
import { parseHttpUrl } from "../destinations/http-url.ts";
import type { HttpAnswer, HttpRequest } from "../destinations/destination.ts";
import type { Sender } from "../destinations/send.ts";
import { deliveryId } from "../outbox/delivery-id.ts";
import type { Delivery, Outcome } from "../outbox/delivery.ts";
import { Outbox, type Settlement } from "../outbox/outbox.ts";
import { formatDuration } from "../rules/duration.ts";
import type { RulesFile } from "../rules/load-rules.ts";
import { didYouMean } from "../rules/nearest.ts";
import type { Clock } from "../runtime/clock.ts";
import { silentLogger } from "../runtime/logger.ts";
import type { Random } from "../runtime/random.ts";
import { Secret, type SecretSource } from "../runtime/secret.ts";
import { testNotice } from "./test-notice.ts";

/** What `ringbell send` was asked to do, and what it needs of the world. */
export interface SendCommandOptions {
  readonly file: RulesFile;
  readonly kinds: ReadonlyMap<string, AnyDestinationKind>;
  readonly destination: string;
  /** The name of the rule that the notice is to look like one of. */
  readonly rule: string | undefined;
  /** Tries as usual, until it is delivered, refused, or too old. */
  readonly retry: boolean;
  readonly sender: Sender;
  readonly readSecret: SecretSource;
  readonly clock: Clock;
  readonly random: Random;
  /** Keeps the ids of two tests apart. */
  readonly nonce: string;
  /** Whether requests go through a proxy, for hints. */
  readonly proxied: boolean;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly stop: AbortSignal;
}

/** The destination took it. */
const TAKEN = 0;
/** It did not. */
const NOT_TAKEN = 1;
/** There is no such destination or rule. */
const USAGE = 2;

/**
 * `ringbell send DESTINATION`: sends a notice of kind `test` the way every notice goes, and says what came of it: where it was
 * sent (the host only), what the answer was, what Ringbell would do after such an answer, and what to look at. Returns the exit code.
 */
export async function send(options: SendCommandOptions): Promise<number> {
  const { file, destination: name, rule: ruleName, err } = options;
  const place = file.destinations.get(name);
  const kind = place && options.kinds.get(place.kind);
  if (!place || !kind) {
    err(unknown("destination", name, [...file.destinations.keys()]));
    return USAGE;
  }
  const rule = file.rules.find((one) => one.name === ruleName);
  if (ruleName !== undefined && !rule) {
    err(
      unknown(
        "rule",
        ruleName,
        file.rules.map((one) => one.name),
      ),
    );
    return USAGE;
  }
  const nowMs = options.clock.now();
  const retryForMs = place.retryForMs ?? kind.retryForMs;
  const notice = testNotice(name, rule, nowMs);
  const delivery: Delivery = {
    id: deliveryId(options.nonce, notice, name),
    destination: name,
    subject: `${notice.rule} ${notice.ring.key}`,
    sequence: 1,
    notice,
    acceptedAtMs: nowMs,
    expiresAtMs: nowMs + retryForMs,
    attempts: 0,
    rounds: 0,
    nextAtMs: nowMs,
    lastReason: undefined,
  };
  const attempt = new Attempt(options, { name, kind, config: place.config }, retryForMs);
  return options.retry ? await attempt.untilEnded(delivery) : await attempt.once(delivery);
}

function unknown(what: string, name: string, known: readonly string[]): string {
  const match = didYouMean(name, known);
  const list = match === "" ? `: there are ${known.join(", ") || "none"}` : match;
  return `Cannot send a test: the rules file has no ${what} "${name}"${list}\n`;
}

/** Sends to one destination, and says what happens. */
class Attempt {
  readonly #options: SendCommandOptions;
  readonly #destination: Destination;
  readonly #retryForMs: number;
  #host = "";
  #answer: HttpAnswer | undefined;
  #beganMs = 0;

  constructor(options: SendCommandOptions, destination: Destination, retryForMs: number) {
    this.#options = options;
    this.#destination = destination;
    this.#retryForMs = retryForMs;
  }

  async once(delivery: Delivery): Promise<number> {
    const { readSecret, clock, stop } = this.#options;
    this.#beganMs = clock.now();
    const sender = this.#seenSender();
    const outcome = await sendOnce(this.#destination, delivery, {
      sender,
      readSecret,
      nowMs: this.#beganMs,
      signal: stop,
    });
    this.#tell(delivery, outcome, clock.now() - this.#beganMs);
    return outcome.kind === "delivered" ? TAKEN : NOT_TAKEN;
  }

  async untilEnded(delivery: Delivery): Promise<number> {
    const { clock, random, readSecret, stop, out } = this.#options;
    const outbox = new Outbox();
    outbox.add(delivery);
    const { promise, resolve } = Promise.withResolvers<number>();
    const courier = new Courier({
      destinations: new Map([[this.#destination.name, this.#destination]]),
      outbox,
      sender: this.#seenSender(),
      clock,
      random,
      readSecret,
      logger: silentLogger,
      onAttempt: ({ outcome, tookMs }) => this.#tell(delivery, outcome, tookMs),
      onSettled: (settlement) => {
        out(settled(settlement, clock.now()));
        if (settlement.kind === "ended") resolve(settlement.end.kind === "delivered" ? TAKEN : NOT_TAKEN);
      },
    });
    const onStop = (): void => resolve(NOT_TAKEN);
    stop.addEventListener("abort", onStop, { once: true });
    courier.wake();
    const code = await promise;
    stop.removeEventListener("abort", onStop);
    if (stop.aborted) out("Stopped: nothing is left to be sent\n");
    await courier.drain(0);
    return code;
  }

  /** The sender, with an eye on what goes out and what comes back. */
  #seenSender(): Sender {
    const { sender } = this.#options;
    return {
      send: async (request, options) => {
        this.#host = hostOf(request);
        const answer = await sender.send(request, options);
        this.#answer = "failed" in answer ? undefined : answer;
        return answer;
      },
      close: () => sender.close(),
    };
  }

  #tell(delivery: Delivery, outcome: Outcome, tookMs: number): void {
    const { out, proxied } = this.#options;
    const { name, kind } = this.#destination;
    const place = `${name} (${kind.kind})${this.#host === "" ? "" : ` at ${this.#host}`}`;
    const answer = this.#answer;
    const lines =
      answer !== undefined
        ? [`Sent a test to ${place}`, `Answer    HTTP ${answer.status}${wordOf(outcome)}, in ${tookMs} ms`]
        : [`Cannot send a test to ${place}`, `Problem   ${problemOf(outcome)}`];
    lines.push(`Id        ${delivery.id}`, `Outcome   ${this.#consequence(outcome)}`);
    const hint =
      outcome.kind === "delivered"
        ? AFTER_DELIVERY[kind.kind]
        : sendHint({ kind: kind.kind, outcome, proxied });
    if (hint !== undefined) lines.push(`Hint      ${hint}`);
    out(`${lines.join("\n")}\n`);
    this.#answer = undefined;
    this.#host = "";
  }

  #consequence(outcome: Outcome): string {
    if (outcome.kind === "delivered") return "delivered";
    if (outcome.kind === "refused")
      return `would be refused (${outcome.reason}): a delivery with this answer is a dead letter at once`;
    const wait =
      outcome.afterMs === undefined
        ? ""
        : `, as asked not before ${formatDuration(outcome.afterMs)} have passed`;
    return `would be tried again (${outcome.reason}) for up to ${formatDuration(this.#retryForMs)}${wait}`;
  }
}

const AFTER_DELIVERY: Readonly<Record<string, string>> = {
  pagerduty: "PagerDuty has opened an incident of severity info for it: resolve it there",
};

/** The word of a known vocabulary that the destination answered with; nothing else of an answer is shown. */
function wordOf(outcome: Outcome): string {
  const detail = outcome.kind === "delivered" ? undefined : outcome.detail;
  const [, words] = /^HTTP \d{3}: (.+)$/.exec(detail ?? "") ?? [];
  return words === undefined ? "" : ` (${words})`;
}

function problemOf(outcome: Outcome): string {
  return outcome.kind === "delivered" ? "none" : (outcome.detail ?? outcome.reason);
}

function settled(settlement: Settlement, nowMs: number): string {
  if (settlement.kind === "rescheduled") {
    const waitMs = Math.max(0, settlement.delivery.nextAtMs - nowMs);
    return `Next try  in ${formatDuration(Math.ceil(waitMs / 1000) * 1000)}\n`;
  }
  const { end } = settlement;
  return end.kind === "delivered" ? "" : `Dead      ${end.reason}\n`;
}

function hostOf({ url }: HttpRequest): string {
  return parseHttpUrl(url instanceof Secret ? url.reveal() : url)?.host ?? "";
}
