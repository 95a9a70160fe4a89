// Fewer calls at a time than there are concurrent tests.

/** Makes calls of a function wait while so many others run. */
export function limit<Given extends unknown[], Result>(
  most: number,
  act: (...given: Given) => Promise<Result>,
): (...given: Given) => Promise<Result> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (...given) => {
    // A call that ends hands its place to the next.
    if (running < most) running++;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await act(...given);
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}
