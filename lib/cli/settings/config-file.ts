// `config.json` as install edits it: the server to forward to, and the path of the forwarder. Everything
// else in it stays.
import { fchmodSync } from "node:fs";
import { dirname } from "node:path";
import { applyEdits, modify, parse, type ParseError } from "jsonc-parser";
import { environment, paths } from "../../environment";
import { readDestination } from "../../forward/destination";
import { fieldOf } from "../../history/payload";
import { faultCode } from "../../os/fault";
import { readConfigFile, removeFile } from "../../os/file";
import { ensureOwnFolder } from "../../os/folder";
import { system } from "../../os/choose-syscalls";
import { repeatedKeys } from "../../repeated-keys";
import { CommandError, UsageError } from "../command";
import { programToRegister } from "./program-folder";
import { replaceText, whyProtected, writeError } from "./replace-text";
import { readServerAddress } from "./server-address";
import { ensureSharedFolder } from "./shared-folder";

const MAX_BYTES = 65_536;

/** The text of `config.json` before and after; `undefined` if there is no file. */
export interface ConfigEdit {
  /** The user's file or the machine's. */
  readonly path: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** A server to forward to, and whether plain http to another machine is allowed. */
export interface Server {
  readonly url: string;
  readonly isInsecure: boolean;
}

/**
 * Works out what install changes: the server, if one is given, and the forwarder's path, if anything is
 * forwarded.
 *
 * @throws {UsageError} if the server's URL cannot be used
 * @throws {CommandError} if the file cannot be read or edited
 */
export function editConfig(server: Server | undefined): ConfigEdit {
  return editAt(paths.config, server, programToRegister("claude-session"));
}

/** The same for the machine's file; next to its programs there is always a forwarder. */
export function editMachineConfig(server: Server | undefined): ConfigEdit {
  return editAt(paths.machineConfig, server, undefined);
}

function editAt(
  path: string,
  server: Server | undefined,
  forwarder: string | undefined,
): ConfigEdit {
  const before = readText(path);
  return { path, before, after: withServer(path, before, server, forwarder) };
}

/**
 * Replaces `config.json` as a whole, flushed to the disk.
 *
 * @throws {NotWritable} if the file may not be changed
 * @throws {CommandError} if that fails; the file is then unchanged
 */
export function writeConfig({ path, before, after }: ConfigEdit): void {
  if (after === undefined || after === before) return;
  const isMachines = path === paths.machineConfig;
  if (isMachines) ensureSharedFolder(dirname(path));
  try {
    if (!isMachines) ensureOwnFolder(paths.state);
  } catch (error) {
    throw writeError(path, error);
  }
  replaceText({ path, target: targetOf(path), before, after }, (fd) => {
    if (isMachines) fchmodSync(fd, 0o644);
  });
}

/** Why `config.json` cannot be changed as wanted, as a system error code; `undefined` if it may succeed. */
export function whyConfigProtected({ path, before, after }: ConfigEdit): string | undefined {
  return after === before ? undefined : whyProtected(targetOf(path));
}

// Through a link, so that a repository of dotfiles keeps the file.
function targetOf(path: string): string {
  const isLink = path !== paths.machineConfig && system.statusAt(path)?.kind === "link";
  return isLink ? system.targetOf(path) : path;
}

/** Puts `config.json` back as it was before {@link writeConfig}. */
export function restoreConfig({ path, before, after }: ConfigEdit): void {
  if (before === undefined) removeFile(path);
  else writeConfig({ path, before: after, after: before });
}

/** The name of the destination that install writes. */
export const SERVER_NAME = "server";

function withServer(
  path: string,
  before: string | undefined,
  server: Server | undefined,
  forwarder: string | undefined,
): string | undefined {
  const given = before === undefined ? {} : parseObject(path, before);
  const listed = fieldOf(given, "destinations");
  if (listed !== undefined && !Array.isArray(listed))
    throw new CommandError(`${path}: destinations is not a list; the file is unchanged`);
  const destinations: readonly unknown[] = listed ?? [];
  if (server === undefined && destinations.length === 0) return before;
  let text = before ?? "{}\n";
  if (server !== undefined) {
    const address = readServerAddress(server.url);
    if (address.kind === "invalid") throw new UsageError(`--server: ${address.reason}`);
    const known = destinations.findIndex((one) => fieldOf(one, "name") === SERVER_NAME);
    const at = known < 0 ? destinations.length : known;
    const destination = {
      ...(known < 0 ? { name: SERVER_NAME, type: "observability" } : Object(destinations[known])),
      url: address.url,
      ...(server.isInsecure && { insecure: true }),
    };
    const read = readDestination(destination, environment);
    if (read.kind === "unusable")
      throw new UsageError(
        `--server: ${read.fault.replace("url: ", "").replace('add "insecure": true', "add --insecure")}`,
      );
    text = edit(text, ["destinations", at], destination);
  }
  return forwarder === undefined || fieldOf(given, "forwarder") === forwarder
    ? text
    : edit(text, ["forwarder"], forwarder);
}

function edit(text: string, path: (string | number)[], value: unknown): string {
  const indent = /^[ \t]+(?=")/m.exec(text)?.[0] ?? "  ";
  const formattingOptions = {
    insertSpaces: !indent.startsWith("\t"),
    tabSize: indent.length,
    eol: text.includes("\r\n") ? "\r\n" : "\n",
  };
  return applyEdits(text, modify(text, path, value, { formattingOptions }));
}

function readText(path: string): string | undefined {
  try {
    return readConfigFile(path, MAX_BYTES);
  } catch (error) {
    throw new CommandError(`${path} cannot be read: ${faultCode(error)}`, { cause: error });
  }
}

// The same as the hooks accept: comments and trailing commas too.
function parseObject(path: string, text: string): unknown {
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, { allowTrailingComma: true });
  if (errors.length > 0 || typeof value !== "object" || value === null || Array.isArray(value))
    throw new CommandError(`${path} is not a JSON object; fix it first, it is unchanged`);
  const [twice] = repeatedKeys(text);
  // Which of the two an edit should change is unknown.
  if (twice !== undefined)
    throw new CommandError(`${path}: ${twice} occurs twice; fix it first, it is unchanged`);
  return value;
}
