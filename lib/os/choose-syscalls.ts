// Chooses how this process makes system calls: through the C library if it can, else through `node:fs`.
import { fileLibrary } from "./libc";
import type { System } from "./syscalls";
import { librarySystem } from "./syscalls-libc";
import { nodeSystem } from "./syscalls-node";

/** The system calls of this process. */
export const system: System = fileLibrary === undefined ? nodeSystem() : librarySystem(fileLibrary);
