interface Planned {
  readonly kind: string;
  readonly timer: NodeJS.Timeout;
  readonly work: () => void;
}

/** Work that is to be done after a while, and at the latest when everything ends. */
export class Later {
  readonly #planned = new Set<Planned>();

  add(kind: string, ms: number, work: () => void): void {
    const planned: Planned = { kind, work, timer: setTimeout(() => this.#run(planned), ms) };
    this.#planned.add(planned);
  }

  /** Whether some of this kind is still to be done. */
  has(kind: string): boolean {
    return [...this.#planned].some((planned) => planned.kind === kind);
  }

  /** Does all of it now. */
  runAll(): void {
    for (const planned of this.#planned) this.#run(planned);
  }

  #run(planned: Planned): void {
    clearTimeout(planned.timer);
    this.#planned.delete(planned);
    planned.work();
  }
}
