// One question to the server, for a component.
import { useEffect, useState } from "preact/hooks";
import { askJson } from "../api";

interface Answered<T> {
  readonly answer: T | undefined;
  /** Why there is no new answer; empty if there is. */
  readonly problem: string;
}

/**
 * Asks for a value in JSON, again when the path or one of `changes` is another. Until the new answer has come, the one
 * before stays.
 *
 * @param path nothing is asked without one
 */
export function useAnswer<T>(
  path: string | undefined,
  changes: readonly unknown[] = [],
): Answered<T> {
  const [answered, setAnswered] = useState<Answered<T>>({ answer: undefined, problem: "" });
  useEffect(() => {
    if (path === undefined) {
      setAnswered({ answer: undefined, problem: "" });
      return undefined;
    }
    const stop = new AbortController();
    askJson<T>(path, stop.signal)
      .then((answer) => setAnswered({ answer, problem: "" }))
      .catch((error: unknown) => {
        if (!stop.signal.aborted)
          setAnswered(({ answer }) => ({ answer, problem: (error as Error).message }));
      });
    return () => stop.abort();
  }, [path, ...changes]);
  return answered;
}
