// Where the command line prints: the only place that touches stdout and stderr.
import type { Colors } from "picocolors/types";
import { environment } from "../environment";
import { isPipeClosed } from "../os/closed-pipe";
import { faultCode } from "../os/fault";
import { system } from "../os/choose-syscalls";
import { bar, escapeUnfit, pad } from "./render/text";

/** Where a command prints. */
export interface Terminal {
  /** Width in columns: that of the terminal, else of `COLUMNS`, else 80. */
  readonly columns: number;
  /** Functions that color text, or return it as it is where no color is wanted. */
  readonly colors: Colors;
  /** Writes one or more lines to stdout. Unsafe characters, as in a file name, are removed, except for colors. */
  print(text: string): void;
  /** Writes a line to stderr: a warning, a footnote. */
  note(text: string): void;
  /** Whether the reader of stdout has gone, as `head` does. */
  isClosed(): boolean;
  /** Shows the progress of long work, from 0 to 1, if stderr is a terminal. */
  progress(what: string, share: number): void;
  /** Removes the progress line. */
  clearProgress(): void;
}

const STDOUT = 1;
const STDERR = 2;
// What takes less needs no progress bar.
const PROGRESS_AFTER_MS = 1000;
const BAR_COLUMNS = 24;
const DEFAULT_COLUMNS = 80;
const ERASE_LINE = "\r\u001B[K";

/** The reader has closed the pipe, as `head` does. The program ends, and this is not an error. */
export class ClosedPipe extends Error {}

/** The terminal, pipe or file that this program was started with. */
export function openTerminal(): Terminal {
  let colors: Colors | undefined;
  let progress = "";
  return {
    get columns() {
      const columns = isTerminal(STDOUT) ? process.stdout.columns : Number(environment["COLUMNS"]);
      return Number.isSafeInteger(columns) && columns > 0 ? columns : DEFAULT_COLUMNS;
    },
    get colors() {
      // Loading it costs 7 ms (Bun 1.4.5), which `id` does without.
      const { createColors } = require("picocolors") as typeof import("picocolors");
      return (colors ??= createColors(hasColors()));
    },
    print(text) {
      this.clearProgress();
      write(STDOUT, `${escapeUnfit(text, hasColors)}\n`);
    },
    note(text) {
      try {
        this.clearProgress();
        write(STDERR, `${escapeUnfit(text, hasColors)}\n`);
      } catch (error) {
        if (!(error instanceof ClosedPipe)) faultCode(error); // Stderr is the last resort.
      }
    },
    isClosed: () => isPipeClosed(STDOUT),
    progress(what, share) {
      if (performance.now() < PROGRESS_AFTER_MS || !isTerminal(STDERR)) return;
      const percent = String(Math.floor(share * 100)).padStart(3);
      const line = `${what} ${pad(bar(share, BAR_COLUMNS), BAR_COLUMNS)} ${percent} %`;
      if (line !== progress) write(STDERR, ERASE_LINE + line);
      progress = line;
    },
    clearProgress() {
      if (progress !== "") write(STDERR, ERASE_LINE);
      progress = "";
    },
  };
}

// https://no-color.org, and FORCE_COLOR as Node has it.
function hasColors(): boolean {
  if (environment["NO_COLOR"]) return false;
  const forced = environment["FORCE_COLOR"];
  if (forced !== undefined && forced !== "" && forced !== "0") return true;
  return isTerminal(STDOUT) && environment["TERM"] !== "dumb";
}

function isTerminal(fd: number): boolean {
  return (require("node:tty") as typeof import("node:tty")).isatty(fd);
}

function write(fd: number, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) {
    try {
      written += system.write(fd, bytes.subarray(written));
    } catch (error) {
      const code = faultCode(error);
      if (code === "EPIPE") throw new ClosedPipe();
      if (code !== "EAGAIN") throw error;
      Bun.sleepSync(1); // The pipe is full and was opened not to wait.
    }
  }
}
