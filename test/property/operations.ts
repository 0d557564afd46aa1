import fc from "fast-check";
import { PODS, type PodChange, SERVICES, SHAPES, SLOTS } from "./world.ts";

/** What the cluster does. `writes` is how many of the slices concerned are written before something else happens. */
export type WorldOperation =
  | { readonly op: "write"; readonly slot: number; readonly pods: readonly number[] }
  | {
      readonly op: "change";
      readonly service: number;
      readonly pod: number;
      readonly how: PodChange;
      readonly writes: number;
    }
  | { readonly op: "shift"; readonly slot: number; readonly pod: number; readonly addFirst: boolean }
  | { readonly op: "delete"; readonly slot: number }
  | { readonly op: "deleteService"; readonly service: number }
  | { readonly op: "relabel"; readonly service: number; readonly labels: number; readonly writes: number }
  | { readonly op: "adopt"; readonly slot: number; readonly service: number };

/** What the API server, the network and time do. `watch` is which of the watches, where there are several. */
export type WireOperation =
  | { readonly op: "send"; readonly watch: number; readonly share: number }
  | { readonly op: "sendAll" }
  | { readonly op: "answer" }
  | { readonly op: "bookmark"; readonly watch: number }
  | { readonly op: "cut"; readonly watch: number }
  | { readonly op: "end"; readonly watch: number }
  | { readonly op: "gone"; readonly watch: number }
  | { readonly op: "garble"; readonly watch: number }
  | { readonly op: "compact" }
  | { readonly op: "fail"; readonly watch: number; readonly status: number }
  /** `live`: all that is to be told is told meanwhile. */
  | { readonly op: "wait"; readonly ms: number; readonly live: boolean }
  | { readonly op: "restart" };

export type Operation = WorldOperation | WireOperation;

/** One case: what there is, how it is watched, and what happens. */
export interface Case {
  /** For all that is drawn on the way: where bytes are cut, which answers are held back, how stale a list is. */
  readonly seed: number;
  /** One rules file of several: it decides how many watches there are. */
  readonly rules: number;
  /** How the endpoints of each Service look. */
  readonly shapes: readonly number[];
  readonly streamsLists: boolean;
  /** How soon a loop counts as blind; before anything has settled, where it is short. */
  readonly blindAfterMs: number;
  /** How many Pods each Service has at first, in one slice of each family; -1 for no Service. */
  readonly begin: readonly number[];
  readonly operations: readonly Operation[];
}

const service = fc.nat(SERVICES.length - 1);
const slot = fc.nat(SLOTS - 1);
const pod = fc.nat(PODS - 1);
const watch = fc.nat(SERVICES.length - 1);
const pods = fc.subarray(Array.from({ length: PODS }, (_, i) => i));
const writes = fc.constantFrom(4, 4, 1, 0);
const only = <T extends Operation["op"]>(op: T) => fc.constant(op);
const how = fc.constantFrom<PodChange>("replaced", "moved", "unready", "ready", "terminating");
const waitMs = fc.constantFrom(0, 1, 50, 100, 999, 1_000, 3_000, 9_000, 9_999, 10_000, 15_000, 45_000);
const begin = fc.constantFrom(PODS, PODS, PODS - 1, 0, -1);

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ op: only("write"), slot, pods }) },
  { weight: 5, arbitrary: fc.record({ op: only("change"), service, pod, how, writes }) },
  { weight: 3, arbitrary: fc.record({ op: only("shift"), slot, pod, addFirst: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ op: only("delete"), slot }) },
  { weight: 1, arbitrary: fc.record({ op: only("deleteService"), service }) },
  { weight: 1, arbitrary: fc.record({ op: only("relabel"), service, labels: fc.nat(3), writes }) },
  {
    weight: 1,
    arbitrary: fc.record({
      op: only("adopt"),
      slot,
      service: fc.integer({ min: -1, max: SERVICES.length - 1 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ op: only("sendAll") }) },
  { weight: 4, arbitrary: fc.record({ op: only("send"), watch, share: fc.constantFrom(0.1, 0.5, 0.9) }) },
  { weight: 3, arbitrary: fc.record({ op: only("answer") }) },
  {
    weight: 8,
    arbitrary: fc.record({ op: only("wait"), ms: waitMs, live: fc.constantFrom(true, true, false) }),
  },
  { weight: 1, arbitrary: fc.record({ op: only("wait"), ms: fc.constant(400_000), live: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ op: only("bookmark"), watch }) },
  { weight: 1, arbitrary: fc.record({ op: only("cut"), watch }) },
  { weight: 1, arbitrary: fc.record({ op: only("end"), watch }) },
  { weight: 1, arbitrary: fc.record({ op: only("gone"), watch }) },
  { weight: 1, arbitrary: fc.record({ op: only("garble"), watch }) },
  { weight: 1, arbitrary: fc.record({ op: only("compact") }) },
  {
    weight: 1,
    arbitrary: fc.record({ op: only("fail"), watch, status: fc.constantFrom(0, 401, 410, 429, 500, 503) }),
  },
  { weight: 1, arbitrary: fc.record({ op: only("restart") }) },
);

const OF_WORLD: ReadonlySet<string> = new Set<WorldOperation["op"]>([
  "write",
  "change",
  "shift",
  "delete",
  "deleteService",
  "relabel",
  "adopt",
]);

/** Whether the cluster does it. */
export function isOfWorld(operation: Operation): operation is WorldOperation {
  return OF_WORLD.has(operation.op);
}

/** Any case of at most so many operations. */
export function cases(maxLength: number): fc.Arbitrary<Case> {
  return fc.record({
    seed: fc.nat(0xffff),
    rules: fc.nat(3),
    shapes: fc.tuple(fc.nat(SHAPES.length - 1), fc.nat(SHAPES.length - 1), fc.nat(SHAPES.length - 1)),
    streamsLists: fc.boolean(),
    blindAfterMs: fc.constantFrom(60_000, 60_000, 60_000, 6_000),
    begin: fc.tuple(begin, begin, begin),
    operations: fc.array(operation, { maxLength, size: "max" }),
  });
}
