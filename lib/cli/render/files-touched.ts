// The files of a session as a table: `show --files`.
import { withoutProject } from "../../history/describe";
import type { TouchedFile } from "../../history/files-touched";
import { renderTable } from "./table";
import { sanitize, wrap } from "./text";
import { formatClock } from "./time";
import type { Screen } from "./timeline";

/** Which files were changed and read, how often, and when last. */
export function renderFiles(
  files: readonly TouchedFile[],
  projectDir: string,
  { columns, colors }: Screen,
): string {
  if (files.length === 0)
    return wrap(
      "No tool read or changed a file. Changes made by commands are not recorded.",
      columns,
      "",
    );
  const rows = files.map(({ path, reads, changes, calls }) => {
    const name = sanitize(withoutProject(path, projectDir));
    return [
      changes > 0 ? colors.bold(name) : name,
      changes === 0 ? "" : String(changes),
      reads === 0 ? "" : String(reads),
      formatClock(calls.at(-1)?.atMs ?? 0),
    ];
  });
  return renderTable(
    [
      { head: "file", isFlexible: true },
      { head: "changed", align: "right" },
      { head: "read", align: "right", narrowRank: 1 },
      { head: "last", narrowRank: 2 },
    ],
    rows,
    columns,
    colors.dim,
  );
}

/** Files as `--json` prints them: docs/json.md. */
export function filesJson(files: readonly TouchedFile[]) {
  return files.map(({ path, reads, changes, calls }) => ({
    path,
    changes,
    reads,
    calls: calls.map(({ id, tool, use, atMs }) => ({
      tool_use_id: id,
      tool,
      use,
      at: new Date(atMs).toISOString(),
    })),
  }));
}
