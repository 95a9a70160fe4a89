// Replaces the text of a file that others may have mounted, protected or linked.
import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  ftruncateSync,
  openSync,
  writeSync,
} from "node:fs";
import { system } from "../../os/choose-syscalls";
import { faultCode } from "../../os/fault";
import { replaceFile } from "../../os/file";
import { CommandError } from "../command";

/** A file that may not be changed here; it is unchanged. */
export class NotWritable extends CommandError {
  constructor(
    readonly path: string,
    /** In words for a person. */
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`${path} cannot be written: ${reason}; it is unchanged`, options);
  }
}

/** The text of a file before and after. */
export interface Replacement {
  /** The path that a person knows. */
  readonly path: string;
  /** The file itself, if `path` is a link. */
  readonly target: string;
  /** `undefined` if there is no file. */
  readonly before: string | undefined;
  readonly after: string;
}

/**
 * Replaces a file as a whole, flushed to the disk. A file that is mounted by itself, as into a container, is written in
 * place.
 *
 * @param prepare gets the new file's descriptor before it takes the old one's place
 * @throws {NotWritable} if the file may not be changed
 * @throws {CommandError} if that fails; the file is then unchanged
 */
export function replaceText(
  { path, target, before, after }: Replacement,
  prepare: (fd: number) => void,
): void {
  try {
    try {
      replaceFile(target, after, system, (fd) => {
        prepare(fd);
        fsyncSync(fd);
      });
    } catch (error) {
      if (faultCode(error) !== "EBUSY" || before === undefined) throw error;
      writeInPlace(target, after, before);
    }
  } catch (error) {
    throw writeError(path, error);
  }
}

/** What to throw for an error of a write that changed nothing. */
export function writeError(path: string, error: unknown): CommandError {
  const code = faultCode(error);
  // A read-only disk or mount, a file or folder that is immutable, one of another user, and one that is mounted.
  return ["EROFS", "EPERM", "EACCES", "EBUSY"].includes(code)
    ? new NotWritable(path, code, { cause: error })
    : new CommandError(`${path} cannot be written: ${code}; it is unchanged`, { cause: error });
}

/**
 * Why an existing file cannot be replaced, as a system error code: it is mounted read-only or immutable. `undefined` if
 * that may succeed; a file's mode does not prevent it.
 */
export function whyProtected(target: string): string | undefined {
  if (system.statusAt(target) === undefined) return undefined;
  try {
    accessSync(target, constants.W_OK);
    return undefined;
  } catch (error) {
    const code = faultCode(error);
    return code === "EROFS" || code === "EPERM" ? code : undefined;
  }
}

/** Writes over a file. If that fails half-way, as on a full disk, the old text is written back. */
function writeInPlace(target: string, text: string, oldText: string): void {
  const fd = openSync(target, constants.O_WRONLY);
  try {
    try {
      overwrite(fd, text);
    } catch (error) {
      overwrite(fd, oldText);
      throw error;
    }
  } finally {
    closeSync(fd);
  }
}

function overwrite(fd: number, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;)
    written += writeSync(fd, bytes, written, bytes.length - written, written);
  ftruncateSync(fd, bytes.length);
  fsyncSync(fd);
}
