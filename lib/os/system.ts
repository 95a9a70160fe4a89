// The system calls of this process: by the C library where we have it, by `node:fs` elsewhere.
import { fileLibrary } from "./libc";
import type { System } from "./syscalls";
import { librarySystem } from "./syscalls-libc";
import { nodeSystem } from "./syscalls-node";

/** The calls of this process. */
export const system: System = fileLibrary === undefined ? nodeSystem() : librarySystem(fileLibrary);
