// A fault is what the outside does to us: a full disk, another user's file. A bug is ours.

/** Something that the system or a planted file refused, by a system error code or in words. */
export class Fault extends Error {
  constructor(
    readonly code: string,
    readonly path: string,
  ) {
    super(`${code}: ${path}`);
  }
}

/** The code of a {@link Fault} or of a system error; a bug is thrown on. */
export function faultCode(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string")
    return error.code;
  throw error;
}
