// What the keys do.
import { useEffect, useRef } from "preact/hooks";
import { isHelpOpen, KEYS } from "../keys";

export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      aria-label="Keys"
      onClose={() => (isHelpOpen.value = false)}
      onClick={(event) => event.target === dialog.current && dialog.current?.close()}
    >
      <h2>Keys</h2>
      <table>
        <tbody>
          {KEYS.map(([keys, what]) => (
            <tr key={keys}>
              <th scope="row">
                <kbd>{keys}</kbd>
              </th>
              <td>{what}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <h2>Filter</h2>
      <p>
        <code>project:shop tool:Bash failed since:7d "text"</code>
      </p>
      <p>
        A leading minus negates: <code>-tool:Read</code>. Several values:{" "}
        <code>tool:Edit,Write</code>. A prefix: <code>tool:mcp*</code>. Used alone:{" "}
        <code>failed</code>, <code>agent</code>, <code>waiting</code>. Clicking a name in the
        sidebar does the same.
      </p>
      <form method="dialog">
        <button>Close</button>
      </form>
    </dialog>
  );
}
