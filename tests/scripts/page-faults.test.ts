// Page faults of child processes, from the system's own count.
import { expect, test } from "bun:test";
import { countPageFaults } from "../../scripts/bench/page-faults";

test("counts the pages that a child touches, and returns what the function returned", async () => {
  const run = (...command: string[]) => countPageFaults(() => Bun.spawn(command).exited);
  const small = await run("true");
  const large = await run(process.execPath, "--version");
  expect([small.result, large.result]).toEqual([0, 0]);
  expect(small.pageFaults).toBeGreaterThan(0);
  expect(large.pageFaults).toBeGreaterThan(small.pageFaults ?? NaN);
});

test("counts nothing where no child ended", async () => {
  expect(await countPageFaults(async () => "nothing")).toEqual({
    result: "nothing",
    pageFaults: 0,
  });
});
