import type { WorldOperation } from "./operations.ts";
import type { World } from "./world.ts";

/** Lets the cluster do it. */
export function applyToWorld(world: World, operation: WorldOperation): void {
  switch (operation.op) {
    case "write":
      return world.write(operation.slot, operation.pods);
    case "change":
      return world.change(operation.service, operation.pod, operation.how, operation.writes);
    case "shift":
      return world.shift(operation.slot, operation.pod, operation.addFirst);
    case "delete":
      return world.delete(operation.slot);
    case "deleteService":
      return world.deleteService(operation.service);
    case "relabel":
      return world.relabel(operation.service, operation.labels, operation.writes);
    case "adopt":
      return world.adopt(operation.slot, operation.service);
    default:
      return operation satisfies never;
  }
}
