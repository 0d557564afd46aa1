/** What one rule says about one ring: the unit of alerts, baselines and the order of deliveries. */
export function subjectKey(rule: string, ring: string): string {
  return `${rule} ${ring}`;
}
