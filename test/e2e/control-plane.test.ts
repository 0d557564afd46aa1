import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { Kube } from "./kube.ts";
import { Stage } from "./stage.ts";

describe("the API server under test", () => {
  let kube: Kube;
  let stage: Stage;

  beforeAll(async () => {
    kube = await Kube.connect(inject("kubeconfig"));
    stage = await Stage.set(kube);
  });
  afterAll(() => stage?.strike());

  test("lets the Endpoints of a Service follow the readiness of its Pods", async () => {
    await stage.createService("follow");
    await stage.createPod("follow", "follow-0");
    await stage.createPod("follow", "follow-1");
    await stage.setPodReady("follow-0", true);
    await stage.setPodReady("follow-1", true);
    await stage.untilReady("follow", ["follow-0", "follow-1"]);
    await stage.setPodReady("follow-1", false);
    await expect
      .poll(() => stage.endpoints("follow"))
      .toEqual({ ready: ["follow-0"], notReady: ["follow-1"] });
    await stage.deletePod("follow-1");
    await stage.untilReady("follow", ["follow-0"]);
  });
});
