// Files that two sessions work on at the same time: each may undo what the other did, or build on what is gone.
import { isEvent } from "../events";
import { fileOf, fileUseOf } from "../history/files-touched";
import type { Columns } from "../log-index/columns";
import { readRecordsAt } from "../log/reader";
import type { SharedFile } from "./answers";
import type { Catalog } from "./catalog";

/** Within this time of each other, two sessions work on a file at the same time. */
const TOGETHER_MS = 15 * 60_000;

interface Use {
  use: "read" | "changed";
  lastMs: number;
}

/** Follows which files the sessions of the last minutes touch. */
export class SharedFiles {
  /** By path and session. */
  readonly #uses = new Map<string, Map<string, Use>>();
  readonly #read = new Map<string, number>();
  #epoch = "";
  #known: readonly SharedFile[] = [];
  #changes = -1;
  #lookedMs = 0;

  constructor(readonly catalog: Catalog) {}

  /** The files that open sessions share now, latest first. */
  look(nowMs: number): readonly SharedFile[] {
    const { catalog } = this;
    const isOld = nowMs - this.#lookedMs > 10_000;
    if (catalog.changes === this.#changes && catalog.epoch === this.#epoch && !isOld)
      return this.#known;
    if (catalog.epoch !== this.#epoch) {
      this.#uses.clear();
      this.#read.clear();
    }
    this.#epoch = catalog.epoch;
    this.#changes = catalog.changes;
    this.#lookedMs = nowMs;
    // A session of before midnight may go on.
    for (const { day, columns } of catalog.days.slice(-2)) this.#readOn(day, columns, nowMs);
    return (this.#known = this.#findShared(nowMs));
  }

  #readOn(day: string, columns: Columns, nowMs: number): void {
    const { names, events } = this.catalog;
    let first = this.#read.get(day) ?? 0;
    this.#read.set(day, columns.length);
    let at = columns.length;
    // Of what was there before, only the last minutes count.
    while (at > first && (columns.atMs[at - 1] as number) > nowMs - TOGETHER_MS) at--;
    first = at;
    const places: number[] = [];
    for (; at < columns.length; at++) {
      const tool = names.texts[columns.tool[at] as number] ?? "";
      const event = names.texts[columns.event[at] as number] ?? "";
      if (isEvent(event, "PostToolUse") && fileUseOf(tool) !== undefined) places.push(at);
    }
    if (places.length === 0) return;
    const offsets = places.map((place) => columns.offset[place] as number);
    for (const [i, record] of readRecordsAt(events, day, offsets).entries()) {
      const file = record && fileOf(record.tool ?? "", record.parameters);
      if (record === undefined || file === undefined) continue;
      const uses = this.#uses.get(file.path) ?? new Map<string, Use>();
      const use = uses.get(record.session_id) ?? { use: file.use, lastMs: 0 };
      if (file.use === "changed") use.use = "changed";
      use.lastMs = Math.max(use.lastMs, columns.atMs[places[i] as number] as number);
      this.#uses.set(file.path, uses.set(record.session_id, use));
    }
  }

  #findShared(nowMs: number): SharedFile[] {
    const shared: SharedFile[] = [];
    for (const [path, uses] of this.#uses) {
      for (const [session, { lastMs }] of uses)
        if (nowMs - lastMs > TOGETHER_MS) uses.delete(session);
      if (uses.size === 0) this.#uses.delete(path);
      const open = Array.from(uses).filter(([id]) => this.#isOpen(id, nowMs));
      if (open.length < 2 || open.every(([, { use }]) => use === "read")) continue;
      const sessions = open
        .toSorted(([, a], [, b]) => b.lastMs - a.lastMs)
        .map(([session, { use, lastMs }]) => ({ session, use, last_ms: lastMs }));
      shared.push({ path, sessions });
    }
    return shared.toSorted((a, b) => (b.sessions[0]?.last_ms ?? 0) - (a.sessions[0]?.last_ms ?? 0));
  }

  #isOpen(id: string, nowMs: number): boolean {
    const state = this.catalog.sessions.get(id)?.summary.stateAt(nowMs);
    return state === "active" || state === "waiting";
  }
}
