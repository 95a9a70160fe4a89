// Environment variables that change what hooks do, or where. Only their names are ever shown, never a value.
import { isSecretValue, isSecretVariable } from "../../../hook/secrets/environment";
import type { Environment } from "../../../os/paths";

/** Variables that say where things are. */
export const PLACES: readonly string[] = [
  "HOME",
  "CLAUDE_CONFIG_DIR",
  "CLAUDE_SESSION_HOME",
  "CLAUDE_SESSION_DIR",
];

/** A kind of variable, and what it does to the hooks. */
export interface Danger {
  readonly names: RegExp;
  /** Whether nothing is recorded while it is set. */
  readonly isFatal?: boolean;
  readonly effect: string;
  /** Values without effect; an empty value has none either. */
  readonly harmless?: RegExp;
}

// Each was tried on the compiled programs (Bun 1.4.5, Linux x64).
const DANGERS: readonly Danger[] = [
  {
    names: /^BUN_BE_BUN$/,
    isFatal: true,
    effect: "turns every hook into Bun itself, which records nothing",
    harmless: /^(0|false)$/,
  },
  {
    names: /^BUN_INSPECT(_PRELOAD)?$/,
    isFatal: true,
    effect: "stops the hooks' runtime from starting",
  },
  { names: /^BUN_OPTIONS$/, effect: "changes the hooks' runtime or stops it from starting" },
  { names: /^BUN_JSC_/, effect: "changes the hooks' runtime or stops it from starting" },
  {
    names: /^BUN_INSPECT_/,
    effect: "is for a debugger and may make hooks print into Claude Code",
  },
  { names: /^BUN_BYTECODE_ORDER_OUT$/, effect: "makes every hook write an extra file" },
  {
    names: /^BUN_CONFIG_VERBOSE_FETCH$/,
    effect: "prints requests with their secrets when events are forwarded",
  },
  {
    names: /^(BUN_CRASH_REPORT_URL|BUN_ENABLE_CRASH_REPORTING)$/,
    effect: "sends a report of each crash to another machine",
  },
  {
    names: /^NODE_TLS_REJECT_UNAUTHORIZED$/,
    effect: "turns off certificate checks when events are forwarded",
    harmless: /^(1|true)$/,
  },
  {
    names: /^(LD_PRELOAD|LD_AUDIT|DYLD_INSERT_LIBRARIES)$/,
    effect: "loads foreign code into every hook",
  },
  {
    names: /^CLAUDE_CODE_SIMPLE$/,
    isFatal: true,
    effect: "stops Claude Code from calling any hook",
    harmless: /^(0|false)$/,
  },
];

/** The names of the variables that would have an effect. */
export function dangerousIn(environment: Environment): string[] {
  return Object.entries(environment).flatMap(([name, value = ""]) => {
    const danger = dangerOf(name);
    if (danger === undefined || value === "" || danger.harmless?.test(value)) return [];
    return [name];
  });
}

/** The names of the variables whose values are masked wherever they occur in an event. */
export function maskedIn(environment: Environment): string[] {
  return Object.entries(environment).flatMap(([name, value = ""]) =>
    isSecretVariable(name) && isSecretValue(name, value) ? [name] : [],
  );
}

/** What a variable of this name does, if it is dangerous. */
export function dangerOf(name: string): Danger | undefined {
  return DANGERS.find(({ names }) => names.test(name));
}
