// Faults: what goes wrong outside the program, such as a full disk or another user's file. Bugs are not faults.

/** Something that failed outside the program, named by a system error code or by a few words. */
export class Fault extends Error {
  constructor(
    readonly code: string,
    readonly path: string,
  ) {
    super(`${code}: ${path}`);
  }
}

/**
 * The code of a {@link Fault} or of a system error.
 *
 * @throws anything else, because it is a bug
 */
export function faultCode(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string")
    return error.code;
  throw error;
}
