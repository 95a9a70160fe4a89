// Environment variables that change what hooks do, or where. Only their names are ever shown, never a value.
import type { Environment } from "../../../os/paths";

/** Variables that say where everything is kept. */
export const PLACES: readonly string[] = [
  "HOME",
  "CLAUDE_CONFIG_DIR",
  "CLAUDE_SESSION_HOME",
  "CLAUDE_SESSION_DIR",
];

/** A kind of variable, and what it does to the hooks. */
export interface Danger {
  readonly names: RegExp;
  /** Whether nothing is recorded with it. */
  readonly isFatal?: boolean;
  readonly harm: string;
  /** Values that do nothing; an empty one never does. */
  readonly harmless?: RegExp;
}

// Tried one by one on the compiled programs (Bun 1.4.5, Linux x64).
const DANGERS: readonly Danger[] = [
  {
    names: /^BUN_BE_BUN$/,
    isFatal: true,
    harm: "turns every hook into Bun itself, which records nothing",
    harmless: /^(0|false)$/,
  },
  {
    names: /^BUN_INSPECT(_PRELOAD)?$/,
    isFatal: true,
    harm: "keeps the hooks' runtime from starting",
  },
  { names: /^BUN_OPTIONS$/, harm: "changes the hooks' runtime, or keeps it from starting" },
  { names: /^BUN_JSC_/, harm: "changes the hooks' runtime, or keeps it from starting" },
  {
    names: /^BUN_INSPECT_/,
    harm: "is for a debugger, and may make hooks print where Claude Code listens",
  },
  { names: /^BUN_BYTECODE_ORDER_OUT$/, harm: "makes every hook write another file" },
  {
    names: /^BUN_CONFIG_VERBOSE_FETCH$/,
    harm: "prints requests with their secrets when events are forwarded",
  },
  {
    names: /^(BUN_CRASH_REPORT_URL|BUN_ENABLE_CRASH_REPORTING)$/,
    harm: "sends a report of each crash away",
  },
  {
    names: /^NODE_TLS_REJECT_UNAUTHORIZED$/,
    harm: "switches off the check of certificates when events are forwarded",
    harmless: /^(1|true)$/,
  },
  {
    names: /^(LD_PRELOAD|LD_AUDIT|DYLD_INSERT_LIBRARIES)$/,
    harm: "loads other code into every hook",
  },
  {
    names: /^CLAUDE_CODE_SIMPLE$/,
    isFatal: true,
    harm: "makes Claude Code call no hooks at all",
    harmless: /^(0|false)$/,
  },
];

/** The names of those that would change something. */
export function dangerousIn(environment: Environment): string[] {
  return Object.entries(environment).flatMap(([name, value = ""]) => {
    const danger = dangerOf(name);
    if (danger === undefined || value === "" || danger.harmless?.test(value)) return [];
    return [name];
  });
}

/** What a variable of this name does, if it is dangerous. */
export function dangerOf(name: string): Danger | undefined {
  return DANGERS.find(({ names }) => names.test(name));
}
