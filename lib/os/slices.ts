// Splits long work into slices with pauses in between, so that a server can keep answering.

// About one frame of the screen, too short for anyone to notice.
const SLICE_MS = 12;

/** Says when a slice is over; the first begins now. */
export class Slices {
  #endMs = 0;

  constructor() {
    this.begin();
  }

  /** Begins a slice, after a wait for something else. */
  begin(): void {
    this.#endMs = performance.now() + SLICE_MS;
  }

  /** Whether it is time to pause. */
  get isOver(): boolean {
    return performance.now() > this.#endMs;
  }

  /** Lets others work, then begins the next slice. */
  async pause(): Promise<void> {
    await new Promise<void>((resolve) => void setImmediate(resolve));
    this.begin();
  }
}
