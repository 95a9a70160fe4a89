// Our entries in the text of a `settings.json`, as pure edits. Every byte that is not ours stays: order,
// indentation, comments and line ends.
//
// An entry is ours if its command starts one of our programs, in any form, because people and the client
// rewrite entries. own-programs.ts distinguishes our programs from others of the same name.
// Format: https://code.claude.com/docs/en/hooks
import {
  applyEdits,
  findNodeAtLocation,
  findNodeAtOffset,
  getNodeValue,
  parseTree,
  printParseErrorCode,
  type Node,
  type ParseError,
} from "jsonc-parser";
import { safeJson } from "../render/text";
import { hasComment, insert, lineEnd, remove } from "./json-edit";
import { ownHook, type OwnHook } from "./own-programs";

/** How many seconds Claude Code waits for a hook; ours end after one at the latest. */
const TIMEOUT_SECONDS = 5;

/** Settings that cannot be edited, with the place of the reason in the text. */
export class SettingsError extends Error {
  constructor(
    readonly reason: string,
    readonly line: number,
    readonly column: number,
  ) {
    super(`line ${line}, column ${column}: ${reason}`);
  }
}

/** One of our entries. */
export interface Registration {
  readonly event: string;
  /** The program's path. */
  readonly command: string;
  /** What Claude Code compares: two entries of an event run both if it differs. */
  readonly identity: string;
  /** Whether its command also runs something else; then it is never changed. */
  readonly isShared: boolean;
  /** The tools or sources that it is limited to; `undefined` for all. */
  readonly matcher: string | undefined;
}

/** Finds out whether a hook in settings starts one of our programs. */
export type Recognize = (hook: unknown) => OwnHook | undefined;

/** What an edit did for an event. */
export interface Change {
  readonly event: string;
  readonly kind: "added" | "moved" | "removed" | "kept";
}

/** Edited settings. */
export interface Edited {
  readonly text: string;
  readonly changes: readonly Change[];
}

/**
 * Reads our entries.
 *
 * @throws {SettingsError} if the text is not valid settings
 */
export function registrations(text: string, recognize: Recognize = ownHook): Registration[] {
  return ownEntries(parseSettings(text), recognize).map(({ event, own, matcher, node }) => ({
    event,
    command: own.path,
    identity: identityOf(getNodeValue(node)),
    isShared: !own.alone,
    matcher,
  }));
}

// As client 2.1.330 compares them. It also compares `if`, but two conditions are no reason to run twice.
function identityOf(hook: unknown): string {
  const { command, args = null, shell = "bash" } = hook as Record<string, unknown>;
  return JSON.stringify([command, args, shell]);
}

/**
 * Registers a command for each event: adds missing entries, updates those with another path, and removes
 * duplicates and unwanted ones. An entry that is right stays unchanged.
 *
 * @param wanted absolute paths of programs by event
 * @throws {SettingsError} if the text is not valid settings
 */
export function register(
  text: string,
  wanted: ReadonlyMap<string, string>,
  recognize: Recognize = ownHook,
): Edited {
  const present = new Set(ownEntries(parseSettings(text), recognize).map(({ event }) => event));
  const changes: Change[] = [];
  let edited = text;
  for (const event of present)
    if (!wanted.has(event)) {
      edited = withoutEntries(edited, recognize, (own) => own.event === event);
      changes.push({ event, kind: "removed" });
    }
  for (const [event, command] of wanted) {
    const entries = ownEntries(parseSettings(edited), recognize).filter(
      (own) => own.event === event,
    );
    const first = entries.find(({ own }) => own.path === command) ?? entries[0];
    if (first === undefined) {
      edited = withEntry(edited, event, command);
      changes.push({ event, kind: "added" });
      continue;
    }
    const isMoved = first.own.alone && first.own.path !== command;
    const hasDoubles = entries.some((entry) => entry !== first && entry.own.alone);
    if (hasDoubles) {
      const kept = entries.indexOf(first);
      let at = 0;
      edited = withoutEntries(edited, recognize, (entry) => entry.event === event && at++ !== kept);
    }
    if (isMoved) edited = withCommand(edited, event, command, recognize);
    changes.push({ event, kind: isMoved || hasDoubles ? "moved" : "kept" });
  }
  return { text: edited, changes };
}

/**
 * Removes all of our entries, and the groups, lists and objects that become empty. Entries whose command
 * also runs something else stay.
 *
 * @throws {SettingsError} if the text is not valid settings
 */
export function unregister(text: string, recognize: Recognize = ownHook): Edited {
  const events = new Set(
    registrations(text, recognize).flatMap(({ event, isShared }) => (isShared ? [] : [event])),
  );
  return {
    text: withoutEntries(text, recognize, () => true),
    changes: Array.from(events, (event) => ({ event, kind: "removed" })),
  };
}

// Some editors on Windows write it, and JSON does not allow it.
const BYTE_ORDER_MARK = "\uFEFF";

interface Document {
  readonly text: string;
  /** `undefined` if the text is blank. */
  readonly root: Node | undefined;
}

function parseSettings(text: string): Document {
  // Replaced by a space, so that offsets stay the same.
  const body = text.startsWith(BYTE_ORDER_MARK) ? ` ${text.slice(1)}` : text;
  const errors: ParseError[] = [];
  const root = parseTree(body, errors, { allowTrailingComma: true, allowEmptyContent: true });
  const [error] = errors;
  if (error !== undefined) {
    const reason = printParseErrorCode(error.error).replace(
      /\B[A-Z]/g,
      (letter) => ` ${letter.toLowerCase()}`,
    );
    throw errorAt(text, error.offset, `not JSON: ${reason.toLowerCase()}`);
  }
  if (root === undefined) return { text, root };
  const hooks = expectType(text, root, "object", "the settings");
  for (const [name, value] of propertiesOf(text, hooks)) {
    if (name !== "hooks") continue;
    for (const [event, groups] of propertiesOf(text, expectType(text, value, "object", '"hooks"')))
      expectType(text, groups, "array", safeJson(`hooks.${event}`));
  }
  return { text, root };
}

// If two properties have the same name, the last one counts, so editing the first would have no effect.
function propertiesOf(text: string, object: Node): Map<string, Node> {
  const properties = new Map<string, Node>();
  for (const { children: [key, value] = [], offset } of object.children ?? []) {
    if (key === undefined || value === undefined) continue;
    const name = String(key.value);
    if (properties.has(name)) throw errorAt(text, offset, `${safeJson(name)} occurs twice`);
    properties.set(name, value);
  }
  return properties;
}

function expectType(text: string, node: Node, type: "object" | "array", what: string): Node {
  if (node.type === type) return node;
  throw errorAt(
    text,
    node.offset,
    `${what} should be ${type === "array" ? "a list" : "an object"}`,
  );
}

function errorAt(text: string, offset: number, reason: string): SettingsError {
  const before = text.slice(0, offset).split(/\r\n|\r|\n/);
  return new SettingsError(reason, before.length, (before.at(-1)?.length ?? 0) + 1);
}

interface OwnEntry {
  readonly event: string;
  readonly matcher: string | undefined;
  readonly own: OwnHook;
  /** Of the hook itself. */
  readonly node: Node;
}

function ownEntries({ root }: Document, recognize: Recognize): OwnEntry[] {
  const found: OwnEntry[] = [];
  const hooks = root && findNodeAtLocation(root, ["hooks"]);
  for (const { children: [key, groups] = [] } of hooks?.children ?? [])
    for (const group of groups?.children ?? [])
      for (const node of listOf(findNodeAtLocation(group, ["hooks"]))) {
        const own = recognize(getNodeValue(node));
        if (own === undefined) continue;
        const matcher: unknown = findNodeAtLocation(group, ["matcher"])?.value;
        const isLimited = typeof matcher === "string" && matcher !== "" && matcher !== "*";
        const event = String(key?.value);
        found.push({ event, matcher: isLimited ? matcher : undefined, own, node });
      }
  return found;
}

function listOf(node: Node | undefined): readonly Node[] {
  return node?.type === "array" ? (node.children ?? []) : [];
}

function withEntry(text: string, event: string, command: string): string {
  const group = {
    hooks: [{ type: "command", command, args: [] as string[], timeout: TIMEOUT_SECONDS }],
  };
  const { root } = parseSettings(text);
  if (root === undefined) {
    const eol = lineEnd(text);
    const created = JSON.stringify({ hooks: { [event]: [group] } }, undefined, 2);
    // The text may be only a comment, without a line end.
    const gap = text.slice(text.lastIndexOf("\n") + 1).trim() === "" ? "" : eol;
    return `${text}${gap}${created.replaceAll("\n", eol)}${eol}`;
  }
  const hooks = findNodeAtLocation(root, ["hooks"]);
  if (hooks === undefined) return insert(text, root, "hooks", { [event]: [group] });
  const groups = findNodeAtLocation(hooks, [event]);
  if (groups === undefined) return insert(text, hooks, event, [group]);
  return insert(text, groups, undefined, group);
}

/** Gives the first entry of an event another command, in exec form; its other keys stay. */
function withCommand(text: string, event: string, command: string, recognize: Recognize): string {
  const entry = ownEntries(parseSettings(text), recognize).find(
    (one) => one.event === event && one.own.alone,
  );
  const commandNode = entry && findNodeAtLocation(entry.node, ["command"]);
  if (entry === undefined || commandNode === undefined) throw new Error("our own entry is gone");
  const args = findNodeAtLocation(entry.node, ["args"]);
  const edits = [edit(commandNode, command), ...(args === undefined ? [] : [edit(args, [])])];
  const edited = applyEdits(text, edits);
  if (args !== undefined) return edited;
  const { root } = parseSettings(edited);
  const node = root && findNodeAtOffset(root, entry.node.offset);
  if (node === undefined) throw new Error("our own entry is gone");
  return insert(edited, node, "args", []);
}

function edit({ offset, length }: Node, value: unknown) {
  return { offset, length, content: JSON.stringify(value) };
}

function withoutEntries(
  text: string,
  recognize: Recognize,
  isUnwanted: (entry: OwnEntry) => boolean,
): string {
  const unwanted = ownEntries(parseSettings(text), recognize).filter(
    (entry) => isUnwanted(entry) && entry.own.alone,
  );
  let edited = text;
  // Last to first, so that the earlier offsets stay valid.
  for (const { node } of unwanted.toReversed()) {
    const { root } = parseSettings(edited);
    const hook = root && findNodeAtOffset(root, node.offset);
    if (hook === undefined) throw new Error("our own entry is gone");
    edited = remove(edited, outermostEmptied(edited, hook));
  }
  return edited;
}

/** The outermost node that is empty without this hook: its group, its event or all hooks. A comment keeps a node. */
function outermostEmptied(text: string, hook: Node): Node {
  const above = (node: Node | undefined) => {
    if (node?.parent === undefined) throw new Error("a hook outside the settings");
    return node.parent;
  };
  const end = ({ offset, length }: Node) => offset + length;
  const isAllOf = (container: Node, node: Node) =>
    above(node).children?.length === 1 &&
    !hasComment(text, container.offset, node.offset) &&
    !hasComment(text, end(node), end(container));
  const group = above(above(above(hook)));
  if (!isAllOf(group, hook)) return hook;
  const groups = above(group);
  if (!isAllOf(groups, group)) return group;
  const event = above(groups);
  return isAllOf(above(event), event) ? above(above(event)) : event;
}
