// The files of a session, and the calls that touched them.
import { withoutProject } from "../../../history/describe";
import type { FileCall, TouchedFile } from "../../../history/files-touched";
import type { SharedFile } from "../../answers";
import { linkTo } from "../address";
import { areTextsHidden } from "../choices";
import { formatTime, plural } from "../format";
import { callRowKey } from "./story";

interface FileTableProps {
  readonly files: readonly TouchedFile[];
  readonly projectDir: string;
  /** Those that another session works on, too. */
  readonly shared: readonly SharedFile[];
  readonly sessionId: string;
  readonly onCall: (call: FileCall) => void;
}

export function FileTable({ files, projectDir, shared, sessionId, onCall }: FileTableProps) {
  if (files.length === 0)
    return (
      <div class="empty">
        <h2>No tool read or changed a file</h2>
        <p>Changes made by commands are not recorded.</p>
      </div>
    );
  return (
    <div class="file-table" tabIndex={0} role="region" aria-label="Files">
      <table>
        <thead>
          <tr>
            <th>file</th>
            <th class="number">changed</th>
            <th class="number">read</th>
            <th>calls</th>
          </tr>
        </thead>
        <tbody>
          {files.map(({ path, changes, reads, calls }) => {
            const others = shared.find((one) => one.path === path)?.sessions ?? [];
            return (
              <tr key={path}>
                <td>
                  <code
                    class={changes > 0 ? "private changed" : "private"}
                    title={areTextsHidden.value ? undefined : path}
                  >
                    {withoutProject(path, projectDir)}
                  </code>
                  {others
                    .filter(({ session }) => session !== sessionId)
                    .map(({ session }) => (
                      <a key={session} class="hint" href={linkTo("session", session)}>
                        {" "}
                        ⚠ in use by another session
                      </a>
                    ))}
                </td>
                <td class="number">{changes === 0 ? "" : changes}</td>
                <td class="number">{reads === 0 ? "" : reads}</td>
                <td class="file-calls">
                  {calls.slice(-MAX_CALLS).map((call) => (
                    <button
                      key={callRowKey(call)}
                      type="button"
                      class="quiet"
                      onClick={() => onCall(call)}
                    >
                      {call.tool} {formatTime(call.atMs)}
                    </button>
                  ))}
                  {calls.length > MAX_CALLS ? (
                    <span class="quiet">and {plural(calls.length - MAX_CALLS, "earlier one")}</span>
                  ) : null}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

const MAX_CALLS = 6;
