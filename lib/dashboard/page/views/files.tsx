// Files over all sessions: who changed what, when, and what two sessions work on.
import { useMemo, useState } from "preact/hooks";
import { parseFilter } from "../../../log-index/filter-words";
import type { FilesAnswer, TouchedFile } from "../../answers";
import { address, goTo, linkTo, setParams } from "../address";
import { areTextsHidden } from "../choices";
import { formatAgo, formatCount, plural } from "../format";
import { Facets, type Facet } from "../parts/facets";
import { FilterBox } from "../parts/filter-box";
import { Rows } from "../parts/rows";
import { titleOrId } from "../parts/state";
import { useAnswer } from "../parts/use-answer";
import { eventCount, now, peekSession, progress } from "../store";
import { Begin, Reading } from "./now";

/** A file, or one of the sessions that touched it. */
type Line = { readonly file: TouchedFile } | { readonly file: TouchedFile; readonly user: number };

const DEFAULT_FILTER = "since:7d";

export function Files() {
  const { params } = address.value;
  const filterText = params["filter"] ?? DEFAULT_FILTER;
  const name = params["name"] ?? "";
  const isChangedOnly = params["use"] !== "all";
  const [selected, select] = useState(-1);
  const [open, setOpen] = useState<string | undefined>();
  const filter = useMemo(() => parseFilter(filterText), [filterText]);
  const isRead = progress.value === 1;
  const { answer, problem } = useAnswer<FilesAnswer>(
    `/api/files?filter=${encodeURIComponent(filterText)}`,
    [isRead],
  );
  const found = useMemo(
    () =>
      (answer?.files ?? []).filter(
        ({ path, sessions }) =>
          path.toLowerCase().includes(name.toLowerCase()) &&
          (!isChangedOnly || sessions.some(({ changes }) => changes > 0)),
      ),
    [answer, name, isChangedOnly],
  );
  const lines = useMemo(
    () =>
      found.flatMap((file): Line[] => [
        { file },
        ...(file.path === open ? file.sessions.map((_, user) => ({ file, user })) : []),
      ]),
    [found, open],
  );
  const facets = useMemo(() => [projectFacet(answer?.files ?? [])], [answer]);
  if (eventCount.value === 0) return progress.value < 1 ? <Reading /> : <Begin />;
  const toggle = (index: number) => {
    const line = lines[index];
    if (line === undefined) return;
    if (!("user" in line)) setOpen(line.file.path === open ? undefined : line.file.path);
    else {
      const session = line.file.sessions[line.user]?.session ?? "";
      goTo(linkTo("session", session, { tab: "files" }));
    }
  };
  return (
    <div class="with-facets">
      <h1 class="hidden">Files</h1>
      <Facets facets={facets} filter={filter} />
      <div class="list">
        <div class="tools">
          <FilterBox text={name} param="name" label="Part of the path" hint="part of a path" />
          <FilterBox text={filterText} hint="project:shop since:7d tool:Edit" />
          <label>
            <input
              type="checkbox"
              checked={isChangedOnly}
              onChange={(event) =>
                setParams({ use: event.currentTarget.checked ? undefined : "all" })
              }
            />{" "}
            changed only
          </label>
          <span class="count quiet" aria-live="polite">
            {answer === undefined
              ? "…"
              : `${plural(found.length, "file")} in ${plural(answer.calls, "call")}${answer.is_cut ? ", the newest" : ""}`}
          </span>
        </div>
        {problem === "" ? null : <p class="problem">{problem}</p>}
        {answer !== undefined && found.length === 0 ? (
          <div class="empty">
            <h2>No tool {isChangedOnly ? "changed" : "touched"} such a file</h2>
            <p>
              Only files used by tools such as Edit and Write are listed. Changes made by commands
              are not recorded. Widen the filter, for example to <code>since:30d</code>.
            </p>
          </div>
        ) : (
          <Rows
            count={lines.length}
            height={30}
            label="Files"
            selected={selected}
            onSelect={select}
            onOpen={toggle}
            row={(index, attributes) => {
              const line = lines[index];
              return line === undefined ? null : (
                <div
                  key={index}
                  {...attributes}
                  onClick={() => {
                    select(index);
                    toggle(index);
                  }}
                >
                  {"user" in line ? (
                    <UserLine file={line.file} user={line.user} />
                  ) : (
                    <FileLine file={line.file} isOpen={line.file.path === open} />
                  )}
                </div>
              );
            }}
          />
        )}
      </div>
    </div>
  );
}

function FileLine({ file, isOpen }: { readonly file: TouchedFile; readonly isOpen: boolean }) {
  const { path, project, sessions, last_ms } = file;
  const sum = (of: "reads" | "changes") =>
    sessions.reduce((total, session) => total + session[of], 0);
  const at = path.lastIndexOf("/") + 1;
  return (
    <div role="gridcell" class="cell file-line" aria-expanded={isOpen}>
      <span class="private path" title={areTextsHidden.value ? undefined : path}>
        <span class="quiet">{path.slice(0, at)}</span>
        <span>{path.slice(at)}</span>
      </span>
      <span class="project wide-only">{project}</span>
      <span class="number">{sum("changes") === 0 ? "" : `${formatCount(sum("changes"))} ✎`}</span>
      <span class="number quiet wide-only">
        {sum("reads") === 0 ? "" : `read ${formatCount(sum("reads"))}`}
      </span>
      <span class="number quiet wide-only">{plural(sessions.length, "session")}</span>
      <span class="number">{formatAgo(last_ms, now.value)}</span>
    </div>
  );
}

function UserLine({ file, user }: { readonly file: TouchedFile; readonly user: number }) {
  const one = file.sessions[user];
  if (one === undefined) return null;
  const session = peekSession(one.session);
  return (
    <div role="gridcell" class="cell file-line user">
      <a class="private" href={linkTo("session", one.session, { tab: "files" })}>
        {titleOrId(one.session, session)}
      </a>
      <span class="wide-only">{session?.user ?? ""}</span>
      <span class="number">{one.changes === 0 ? "" : `${formatCount(one.changes)} ✎`}</span>
      <span class="number quiet wide-only">
        {one.reads === 0 ? "" : `read ${formatCount(one.reads)}`}
      </span>
      <span class="wide-only" />
      <span class="number">{formatAgo(one.last_ms, now.value)}</span>
    </div>
  );
}

function projectFacet(files: readonly TouchedFile[]): Facet {
  const counts = new Map<string, number>();
  for (const { project } of files) counts.set(project, (counts.get(project) ?? 0) + 1);
  const values = Array.from(counts).toSorted((a, b) => b[1] - a[1]);
  return { key: "project", title: "Project", values };
}
