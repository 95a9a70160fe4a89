// Waiting for what another process does, instead of sleeping.

const PATIENCE_MS = 30_000;

/** Waits for something to be so. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`not so: ${isSo}`);
    await Bun.sleep(10);
  }
}
