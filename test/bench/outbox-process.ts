/** The process that is measured for the outbox: it sends notices as Ringbell does, and in turn the same requests with bare undici. */
import { setTimeout } from "node:timers/promises";
import { Agent, request } from "undici";
import type { HttpRequest } from "../../src/destinations/destination.ts";
import { createSender, type Sender } from "../../src/destinations/send.ts";
import { webhook } from "../../src/destinations/webhook.ts";
import { Child, serveParent } from "./child.ts";
import { connectTo, startInProcess } from "./in-process-app.ts";
import { compare, timeRound } from "./measurement.ts";

export interface OutboxOrder {
  /** Notices per round: each Service's alert fires in one round and resolves in the next. */
  readonly services: number;
  readonly rounds: number;
}

serveParent(async ({ services, rounds }: OutboxOrder) => {
  using receiver = new Child("post-receiver.ts");
  const { url } = await receiver.ask<{ url: string }>({});
  const requests: HttpRequest[] = [];
  using writer = new Child("watch-writer.ts");
  const plan = { services, endpoints: 3, passes: 2 };
  const api = await writer.ask<{ url: string }>({ kind: "prepare", plan });
  let left = 0;
  let onBooked: () => void = () => undefined;
  const { app, close } = await startInProcess({
    rules: `version: 1
destinations: { hook: { webhook: { url: "${url}" } } }
rules: [{ name: all-ready, ring: { namespace: "team-*" }, when: { readyBelow: 3 }, notify: [hook] }]`,
    connection: connectTo(api.url),
    sender: recording(createSender(), requests),
    onCommit({ ended = [] }) {
      left -= ended.length;
      if (ended.length > 0 && left === 0) onBooked();
    },
  });
  while (!app.reflectors.every((reflector) => reflector.status().watching)) await setTimeout(5);

  const agent = new Agent({ connections: webhook.concurrency, pipelining: 1 });
  const deliverAll = async (pass: number): Promise<void> => {
    requests.length = 0;
    left = services;
    const booked = new Promise<void>((resolve) => (onBooked = resolve));
    writer.tell({ kind: "writePass", pass });
    await booked;
  };
  const ours = [];
  const bare = [];
  // Two more than asked for: the first fire and the first resolve warm up.
  for (let i = 0; i < rounds + 2; i++) {
    ours.push(await timeRound(services, () => deliverAll(i % 2)));
    bare.push(await timeRound(services, () => postAll(requests, agent)));
  }
  await close();
  await agent.close();
  return compare(ours.slice(2), bare.slice(2));
});

function recording(sender: Sender, requests: HttpRequest[]): Sender {
  return {
    send(request, options) {
      requests.push(request);
      return sender.send(request, options);
    },
    close: () => sender.close(),
  };
}

async function postAll(requests: readonly HttpRequest[], dispatcher: Agent): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let one = requests[next++]; one; one = requests[next++]) {
      const { url, method, headers, body } = one as { [K in keyof HttpRequest]: HttpRequest[K] & string } & {
        headers: Record<string, string>;
      };
      const answer = await request(url, { dispatcher, method, headers, body });
      await answer.body.text();
      if (answer.statusCode !== 200) throw new Error(`Cannot measure bare POSTs: ${answer.statusCode}`);
    }
  };
  await Promise.all(Array.from({ length: webhook.concurrency }, worker));
}
