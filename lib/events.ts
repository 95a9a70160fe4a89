// The events of Claude Code: one table, from which types, registrations and checks follow.
//
// Source: https://code.claude.com/docs/en/hooks and the client's changelog, up to version 2.1.330. A newer
// client may send events that are not listed here; they are recorded like the others.

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
  /** The first client version that sends it, if the changelog says. */
  readonly since?: string;
  /** The program that records it; an event without one is never registered. */
  readonly program?: HookProgramName;
  /**
   * Registered by default. Clients before 2.1.101 reject a settings file that names an event they do not
   * know, so these are events that clients have sent for a long time.
   */
  readonly isCore?: true;
  /** Why it is never registered: the effect that a hook would have. */
  readonly whyNeverRegistered?: string;
  /** Claude waits for the user: always, or with one of these values of `notification_type`. */
  readonly waitsForPerson?: true | readonly string[];
}

/** The facts about each event, core events first. */
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

  WorktreeCreate: { since: "2.1.50", whyNeverRegistered: "it would replace git's own worktrees" },
  WorktreeRemove: {
    since: "2.1.50",
    whyNeverRegistered: "its failure would prevent the worktree's removal",
  },
  PreModelSwitch: { since: "2.1.251", whyNeverRegistered: "a slow hook would block the switch" },
  MessageDisplay: {
    since: "2.1.152",
    whyNeverRegistered: "every piece of an answer would wait for it",
  },
  FileChanged: { since: "2.1.83", whyNeverRegistered: "its matcher would start file watchers" },
  Setup: {
    since: "2.1.10",
    whyNeverRegistered: "it belongs to a project's setup, not to a session",
  },
} as const satisfies Readonly<Record<string, EventFacts>>;

/** The name of a listed event. A comparison with a misspelt name does not compile. */
export type EventName = keyof typeof EVENTS;

const FACTS: Readonly<Record<EventName, EventFacts>> = EVENTS;

/** The listed event of this name; `undefined` for one that a newer client added. */
export function knownEvent(name: string): EventName | undefined {
  return Object.hasOwn(EVENTS, name) ? (name as EventName) : undefined;
}

/** Whether a name is that of an event; unlike `===`, it does not compile with a misspelt event. */
export function isEvent(name: string, event: EventName): boolean {
  return name === event;
}

/** The events that can be registered, in the order of the table. */
export function observableEvents(): EventName[] {
  return (Object.keys(EVENTS) as EventName[]).filter((name) => FACTS[name].program !== undefined);
}

/** The events that are registered by default. */
export function coreEvents(): EventName[] {
  return observableEvents().filter((name) => FACTS[name].isCore === true);
}

/** The program that records an event; `session-event` for an event that is not listed. */
export function programFor(name: string): HookProgramName {
  const known = knownEvent(name);
  return (known && FACTS[known].program) ?? "session-event";
}

/** Why an event is never registered; `undefined` if it can be. */
export function whyNeverRegistered(name: string): string | undefined {
  const known = knownEvent(name);
  return known && FACTS[known].whyNeverRegistered;
}

/** Whether Claude waits for the user at an event, given its `notification_type`. */
export function waitsForPerson(name: string, notificationType: unknown): boolean {
  // Every hook calls this, and `Object.hasOwn` would cost it 0.1 ms. It is not needed: what an object inherits,
  // such as `constructor`, has no property `waitsForPerson`.
  const waits = (FACTS as Readonly<Record<string, EventFacts | undefined>>)[name]?.waitsForPerson;
  if (waits === undefined || waits === true) return waits === true;
  return typeof notificationType === "string" && waits.includes(notificationType);
}
