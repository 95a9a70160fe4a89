// Our entries in the text of a `settings.json`, as pure edits. Every byte that is not ours stays: order,
// indentation, comments and line ends.
//
// An entry is ours if it is a command hook in exec form, without arguments, of a program named like ours.
// Format: https://code.claude.com/docs/en/hooks
import {
  applyEdits,
  findNodeAtLocation,
  getNodeValue,
  parseTree,
  printParseErrorCode,
  type Node,
  type ParseError,
} from "jsonc-parser";
import { safeJson } from "../render/text";
import { hasComment, insert, lineEnd, remove } from "./json-edit";
import { programOf } from "./programs";

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
  readonly command: string;
}

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
export function registrations(text: string): Registration[] {
  return ownHooks(parseSettings(text)).map(({ event, command }) => ({ event, command }));
}

/**
 * Registers a command for each event: adds missing entries, updates those with another path, and removes
 * duplicates and unwanted ones. An entry that is right stays as it is.
 *
 * @param wanted absolute paths of programs by event
 * @throws {SettingsError} if the text is not valid settings
 */
export function register(text: string, wanted: ReadonlyMap<string, string>): Edited {
  const document = parseSettings(text);
  const present = new Set(ownHooks(document).map(({ event }) => event));
  const changes: Change[] = [];
  let edited = text;
  for (const event of present)
    if (!wanted.has(event)) {
      edited = withoutHooks(edited, (own) => own.event === event);
      changes.push({ event, kind: "removed" });
    }
  for (const [event, command] of wanted) {
    const [first, ...doubles] = ownHooks(parseSettings(edited)).filter((own) => own.event === event);
    if (first === undefined) {
      edited = withHook(edited, event, command);
      changes.push({ event, kind: "added" });
      continue;
    }
    if (first.command !== command) {
      const { offset, length } = first.commandNode;
      edited = applyEdits(edited, [{ offset, length, content: JSON.stringify(command) }]);
    }
    if (doubles.length > 0) {
      let seen = 0;
      edited = withoutHooks(edited, (own) => own.event === event && seen++ > 0);
    }
    const isMoved = first.command !== command || doubles.length > 0;
    changes.push({ event, kind: isMoved ? "moved" : "kept" });
  }
  return { text: edited, changes };
}

/**
 * Removes all of our entries, and the groups, lists and objects that become empty.
 *
 * @throws {SettingsError} if the text is not valid settings
 */
export function unregister(text: string): Edited {
  const events = new Set(registrations(text).map(({ event }) => event));
  return {
    text: withoutHooks(text, () => true),
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

// Of two properties with the same name the last counts, so an edit of the first would do nothing.
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

interface OwnHook {
  readonly event: string;
  readonly command: string;
  readonly commandNode: Node;
  /** Of the hook itself. */
  readonly node: Node;
}

function ownHooks({ root }: Document): OwnHook[] {
  const found: OwnHook[] = [];
  const hooks = root && findNodeAtLocation(root, ["hooks"]);
  for (const { children: [key, groups] = [] } of hooks?.children ?? [])
    for (const group of groups?.children ?? [])
      for (const node of listOf(findNodeAtLocation(group, ["hooks"]))) {
        const commandNode = findNodeAtLocation(node, ["command"]);
        if (commandNode === undefined || !isOwn(getNodeValue(node))) continue;
        const command = String(commandNode.value);
        found.push({ event: String(key?.value), command, commandNode, node });
      }
  return found;
}

function listOf(node: Node | undefined): readonly Node[] {
  return node?.type === "array" ? (node.children ?? []) : [];
}

// A `session-start` in shell form, with arguments or with a condition is another program's.
function isOwn(hook: unknown): boolean {
  if (typeof hook !== "object" || hook === null) return false;
  const { type, command, args, timeout, ...others } = hook as Record<string, unknown>;
  return (
    type === "command" &&
    typeof command === "string" &&
    programOf(command) !== undefined &&
    Array.isArray(args) &&
    args.length === 0 &&
    typeof timeout === "number" &&
    Object.keys(others).length === 0
  );
}

function withHook(text: string, event: string, command: string): string {
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

function withoutHooks(text: string, isUnwanted: (own: OwnHook) => boolean): string {
  const unwanted = ownHooks(parseSettings(text)).filter(isUnwanted);
  let edited = text;
  // Last to first, so that the earlier offsets stay valid.
  for (const { node } of unwanted.toReversed())
    edited = remove(edited, outermostEmptied(edited, nodeAt(edited, node.offset)));
  return edited;
}

function nodeAt(text: string, offset: number): Node {
  const found = ownHooks(parseSettings(text)).find(({ node }) => node.offset === offset);
  if (found === undefined) throw new Error("our own entry is gone");
  return found.node;
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
