import type { IntakeStrategy } from "./intake.ts";
import { SliceListing } from "./list-slices.ts";
import { SliceIntake, type SliceIntakeOptions } from "./slice-intake.ts";
import type { Slice, SliceEvent } from "./slice.ts";

/** How slices are taken in. */
export function sliceStrategy(options: SliceIntakeOptions): IntakeStrategy<Slice, SliceEvent> {
  const intake = new SliceIntake(options);
  return {
    intake,
    startListing: () => new SliceListing(options.scope.source, intake.previousSlice, intake.keeps),
    listed: (slices) => ({ kind: "listed", slices }),
  };
}
