// Opens a link in the person's browser.
import type { Environment } from "../os/paths";

/** Why no browser can be opened here, in a few words; `undefined` if one can. */
export function whyNoBrowser(
  env: Environment,
  platform: string = process.platform,
): string | undefined {
  if (process.geteuid?.() === 0) return "root should not run one";
  if (env["SSH_CONNECTION"] !== undefined || env["SSH_TTY"] !== undefined)
    return "this is a remote session; see `claude-session dashboard --help` for a tunnel";
  if (platform === "darwin" || platform === "win32") return undefined;
  const hasDisplay = Boolean(env["DISPLAY"] ?? env["WAYLAND_DISPLAY"]) || isWsl(env);
  return hasDisplay ? undefined : "there is no display";
}

function isWsl(env: Environment): boolean {
  return env["WSL_DISTRO_NAME"] !== undefined;
}

/** Opens a link. A failure is not reported, because the link is also on the screen. */
export function openBrowser(url: string, platform: string = process.platform): void {
  const commands: Readonly<Record<string, readonly string[]>> = {
    darwin: ["open", url],
    win32: ["rundll32", "url.dll,FileProtocolHandler", url],
  };
  // Our own mask would make the browser's downloads private.
  const usual = ["/bin/sh", "-c", 'umask 022; exec xdg-open "$1"', "sh", url];
  const command = commands[platform] ?? usual;
  try {
    Bun.spawn([...command], { stdin: "ignore", stdout: "ignore", stderr: "ignore" }).unref();
  } catch {
    // This program is not installed.
  }
}
