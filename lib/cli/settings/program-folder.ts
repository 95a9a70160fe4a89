// The folder of the programs, by the path that the user called. Homebrew and Nix keep each version in a separate folder and
// link to the current one; the link is permanent, its target is not.
import { existsSync, realpathSync } from "node:fs";
import { dirname } from "node:path";
import { environment } from "../../environment";
import { HOOK_PROGRAMS } from "../../events";
import { faultCode } from "../../os/fault";
import { siblingProgram } from "../../os/paths";
import { absolutePath } from "../../os/working-folder";

/** The path of one of our programs, to be registered: by the lasting link if there is one for every program. */
export function programToRegister(name: string): string {
  return siblingProgram(name, calledPath() ?? process.execPath);
}

let called: string | undefined | null = null;

function calledPath(): string | undefined {
  if (called === null) called = findCalledPath(process.argv0);
  return called;
}

/** The path by which this program was called, if it is a link next to links of all hook programs. */
function findCalledPath(argv0: string): string | undefined {
  const path = argv0.includes("/")
    ? absolutePath(argv0)
    : Bun.which(argv0, { PATH: environment["PATH"] ?? "" });
  if (path === null || path === undefined || path === siblingProgram("claude-session"))
    return undefined;
  try {
    if (realpathSync(path) !== realpathSync(process.execPath)) return undefined;
    const folder = dirname(path);
    // A link to `claude-session` alone, as in ~/bin, does not show where the hooks are.
    const areLinked = HOOK_PROGRAMS.every((name) => {
      const sibling = siblingProgram(name, `${folder}/`);
      return existsSync(sibling) && realpathSync(sibling) === realpathSync(siblingProgram(name));
    });
    return areLinked ? path : undefined;
  } catch (error) {
    faultCode(error); // Something of it is missing: then the real folder it is.
    return undefined;
  }
}
