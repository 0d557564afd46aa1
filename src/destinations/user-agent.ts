import manifest from "../../package.json" with { type: "json" };

/** How Ringbell names itself to receivers. */
export const USER_AGENT = `ringbell/${manifest.version}`;
