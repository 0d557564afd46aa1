/** Which Services there are, and which rules look at them. */
export interface SoakPlan {
  /** `namespace/service` of all, selected or not. */
  readonly services: readonly { readonly namespace: string; readonly service: string }[];
  /** A rules file. */
  readonly rules: string;
}

const NAMESPACES = 10;
const WHOLE = Array.from({ length: NAMESPACES - 2 }, (_, i) => `ns-${i}`);
/** Each has a watch of its own. */
const SINGLES = 5;
/** So many of one namespace share a watch. */
const FOLDED = 25;

/** The settle time and the longest wait of the slowest rule: after them all has been told. */
export const TOLD_AFTER_MS = 12_000;

/** Eight namespaces watched whole, one by single Services, one by many that share a watch, and one through Endpoints as well. */
export function soakPlan(count: number, hookUrl: string, pagerUrl: string): SoakPlan {
  const services = Array.from({ length: count }, (_, i) => ({
    namespace: `ns-${i % NAMESPACES}`,
    service: `svc-${Math.floor(i / NAMESPACES)}`,
  }));
  const list = (names: number): string => Array.from({ length: names }, (_, i) => `svc-${i}`).join(", ");
  const whole = `{ namespace: [${WHOLE.join(", ")}], service: "*" }`;
  return {
    services,
    rules: `
version: 1
destinations:
  hook: { webhook: { url: "${hookUrl}", timeout: 3s }, retryFor: 1h }
  pager: { pagerduty: { routingKey: { env: PAGER }, url: "${pagerUrl}" }, retryFor: 1h }
defaults: { notify: [hook] }
rules:
  - { name: changed, ring: ${whole}, on: [changed], settle: 2s, maxWait: 10s }
  - { name: serving, ring: ${whole}, membership: serving, on: [joined, left], settle: 1s, maxWait: 5s }
  - { name: instant, ring: { namespace: ns-0, service: "*" }, on: [changed], settle: 0s, maxWait: 0s }
  - { name: endpoints, source: endpoints, ring: { namespace: ns-0, service: "*" }, on: [changed], settle: 2s, maxWait: 10s }
  - { name: single, ring: { namespace: ns-8, service: [${list(SINGLES)}] }, on: [changed], settle: 2s, maxWait: 10s }
  - { name: folded, ring: { namespace: ns-9, service: [${list(FOLDED)}] }, on: [changed], settle: 2s, maxWait: 10s }
  - { name: none-ready, ring: { namespace: [ns-0, ns-1], service: "*" }, when: { noneReady: true }, for: 3s, notify: [pager] }
`,
  };
}

/** Whether some rule looks at a Service. */
export function isSelected(namespace: string, service: string): boolean {
  const index = Number(service.slice("svc-".length));
  if (namespace === "ns-8") return index < SINGLES;
  return namespace === "ns-9" ? index < FOLDED : WHOLE.includes(namespace);
}
