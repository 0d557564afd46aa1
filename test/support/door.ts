import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { once } from "node:events";
import { Waiters } from "../../src/simulator/waiters.ts";

/** `open`: to the receiver and back; `silent`: takes the connection and no more; `shut`: resets it. */
export type DoorState = "open" | "silent" | "shut";

/**
 * A port before a receiver that lets nobody in until it is told to: a receiver that is down, whose port nobody else
 * can get meanwhile.
 */
export interface Door {
  /** The receiver's URL, with the door's port. */
  readonly url: string;
  /** What becomes of connections from now on. */
  state: DoorState;
  /** Resolves when so many connections have come in all. */
  waitForKnocks(count: number): Promise<void>;
  close(): Promise<void>;
}

/** Makes a door before `receiverUrl`, in the given state. */
export async function makeDoor(receiverUrl: string, state: DoorState): Promise<Door> {
  const sockets = new Set<Socket>();
  const waiters = new Waiters();
  const receiver = new URL(receiverUrl);
  let knocks = 0;
  const server = createServer((socket) => {
    knocks += 1;
    if (door.state === "shut") socket.resetAndDestroy();
    else {
      keep(socket);
      if (door.state === "open") join(socket);
    }
    waiters.check();
  });
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    // A killed process resets its connections.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
  };
  const join = (socket: Socket): void => {
    const inner = connect(Number(receiver.port), receiver.hostname);
    keep(inner);
    socket.pipe(inner).pipe(socket);
    socket.on("close", () => inner.destroy());
    inner.on("close", () => socket.destroy());
  };
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const door: Door = {
    url: Object.assign(new URL(receiver), { port: String(port) }).href,
    state,
    waitForKnocks: (count) => waiters.until(() => knocks >= count),
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
  return door;
}
