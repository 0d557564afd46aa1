/** Lets promises and I/O that are ready go on: some turns of the event loop, no waiting. */
export async function turns(count = 5): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}
