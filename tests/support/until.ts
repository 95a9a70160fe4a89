// Waiting for another process without a fixed sleep.

const TIMEOUT_MS = 30_000;
const POLL_MS = 10;

/**
 * Waits until a condition holds.
 *
 * @throws after 30 seconds
 */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + TIMEOUT_MS;
  while (!(await holds())) {
    if (performance.now() > deadlineMs) throw new Error(`still not true: ${holds}`);
    await Bun.sleep(POLL_MS);
  }
}
