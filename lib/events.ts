// The events of Claude Code: one table, from which the types, the registrations and the checks follow.
//
// Source: https://code.claude.com/docs/en/hooks and the client's changelog, up to version 2.1.330. A newer
// client may send events that are not listed here; they are recorded like any other.

/** The hook programs, by the names of their files. */
export const HOOK_PROGRAMS = [
  "session-start",
  "session-end",
  "pre-tool-use",
  "post-tool-use",
  "session-event",
] as const;

/** The name of a hook program. */
export type HookProgramName = (typeof HOOK_PROGRAMS)[number];

interface EventFacts {
  /** The first client that sends it, where the changelog says so. */
  readonly since?: string;
  /** The program that records it; without one it is never registered. */
  readonly program?: HookProgramName;
  /**
   * Registered by default. A client before 2.1.101 rejects a settings file that names an event it does
   * not know, so these are only events that clients have had for long.
   */
  readonly isCore?: true;
  /** Why it is never registered: what a hook would do to it. */
  readonly neverBecause?: string;
  /** Claude waits for the person: always, or with one of these values of `notification_type`. */
  readonly waitsForPerson?: true | readonly string[];
}

/** What there is to know of each event, the core events first. */
export const EVENTS = {
  SessionStart: { since: "1.0.62", program: "session-start", isCore: true },
  SessionEnd: { since: "1.0.85", program: "session-end", isCore: true },
  UserPromptSubmit: { since: "1.0.54", program: "session-event", isCore: true },
  PreToolUse: { since: "1.0.38", program: "pre-tool-use", isCore: true },
  PostToolUse: { since: "1.0.38", program: "post-tool-use", isCore: true },
  PostToolUseFailure: { program: "post-tool-use", isCore: true },
  Notification: {
    program: "session-event",
    isCore: true,
    waitsForPerson: [
      "permission_prompt",
      "worker_permission_prompt",
      "idle_prompt",
      "elicitation_dialog",
      "elicitation_url_dialog",
      "agent_needs_input",
    ],
  },
  PermissionRequest: {
    since: "2.0.45",
    program: "session-event",
    isCore: true,
    waitsForPerson: true,
  },
  Stop: { since: "1.0.38", program: "session-event", isCore: true },
  SubagentStart: { since: "2.0.43", program: "session-event", isCore: true },
  SubagentStop: { since: "1.0.41", program: "session-event", isCore: true },
  PreCompact: { since: "1.0.48", program: "session-event", isCore: true },

  PostToolBatch: { program: "session-event" },
  UserPromptExpansion: { program: "session-event" },
  StopFailure: { since: "2.1.78", program: "session-event" },
  PostCompact: { since: "2.1.76", program: "session-event" },
  PostModelSwitch: { since: "2.1.251", program: "session-event" },
  PermissionDenied: { since: "2.1.89", program: "session-event" },
  TeammateIdle: { since: "2.1.33", program: "session-event" },
  TaskCreated: { since: "2.1.84", program: "session-event" },
  TaskCompleted: { since: "2.1.33", program: "session-event" },
  Elicitation: { since: "2.1.76", program: "session-event", waitsForPerson: true },
  ElicitationResult: { since: "2.1.76", program: "session-event" },
  ConfigChange: { since: "2.1.49", program: "session-event" },
  InstructionsLoaded: { since: "2.1.69", program: "session-event" },
  CwdChanged: { since: "2.1.83", program: "session-event" },
  DirectoryAdded: { since: "2.1.219", program: "session-event" },

  WorktreeCreate: { since: "2.1.50", neverBecause: "it would replace git's own worktrees" },
  WorktreeRemove: {
    since: "2.1.50",
    neverBecause: "its failure would keep a worktree from being removed",
  },
  PreModelSwitch: { since: "2.1.251", neverBecause: "a slow hook would block the switch" },
  MessageDisplay: {
    since: "2.1.152",
    neverBecause: "every piece of an answer would wait for it",
  },
  FileChanged: { since: "2.1.83", neverBecause: "its matcher would start file watchers" },
  Setup: {
    since: "2.1.10",
    neverBecause: "it belongs to the setup of a project, not to a session",
  },
} as const satisfies Readonly<Record<string, EventFacts>>;

/** The name of an event that is listed here. A comparison with a misspelt one does not compile. */
export type EventName = keyof typeof EVENTS;

const FACTS: Readonly<Record<EventName, EventFacts>> = EVENTS;

/** The event of this name, or `undefined` for one that a newer client added. */
export function knownEvent(name: string): EventName | undefined {
  return Object.hasOwn(EVENTS, name) ? (name as EventName) : undefined;
}

/** Whether a name is that of an event; unlike `===`, this does not compile with a misspelt one. */
export function isEvent(name: string, event: EventName): boolean {
  return name === event;
}

/** The events that may be registered, in the order of the table. */
export function observableEvents(): EventName[] {
  return (Object.keys(EVENTS) as EventName[]).filter((name) => FACTS[name].program !== undefined);
}

/** The events that are registered by default. */
export function coreEvents(): EventName[] {
  return observableEvents().filter((name) => FACTS[name].isCore === true);
}

/** The program that records an event: `session-event` where it has none of its own. */
export function programFor(name: string): HookProgramName {
  const known = knownEvent(name);
  return (known && FACTS[known].program) ?? "session-event";
}

/** Why an event is never registered; `undefined` where it may be. */
export function neverBecause(name: string): string | undefined {
  const known = knownEvent(name);
  return known && FACTS[known].neverBecause;
}

/** Whether Claude waits for the person at an event, given its `notification_type`. */
export function waitsForPerson(name: string, notificationType: unknown): boolean {
  // On the path of every hook, where `Object.hasOwn` would cost 0.1 ms: what an object inherits, such
  // as `constructor`, has no such property either.
  const waits = (FACTS as Readonly<Record<string, EventFacts | undefined>>)[name]?.waitsForPerson;
  if (waits === undefined || waits === true) return waits === true;
  return typeof notificationType === "string" && waits.includes(notificationType);
}
