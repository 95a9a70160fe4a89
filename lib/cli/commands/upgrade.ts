// `claude-session upgrade`: replaces these programs with a newer release, using that release's own installer.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { environment } from "../../environment";
import { machineProgramFolder, siblingProgram } from "../../os/paths";
import { version as ownVersion } from "../../version";
import { CommandError, defineCommand, DONE, FAILED } from "../command";
import { readRelease, readVerified, type Release } from "../newest-release";
import { escapeLine } from "../render/text";
import { USUAL_FOLDER } from "../settings/place-programs";
import { pluginFolder } from "../settings/plugin";

export default defineCommand({
  description: "Replace the programs with the newest release",
  arguments: {
    check: { type: "boolean", description: "Only check for a newer release" },
    version: {
      type: "string",
      description: "Install this version, newer or older",
      value: "VERSION",
    },
    from: {
      type: "string",
      description: "The location of the release: a folder, or an https: or loopback http: address",
      value: "URL",
    },
  },
  examples: [
    ["upgrade --check", "check for a newer release; exit status 1 if the check fails"],
    ["upgrade", "download it, verify it, and install it"],
    ["upgrade --version 0.1.0", "go back to an older version; the log stays"],
  ],
  async run({ check, version: wanted, from }, terminal) {
    const own = siblingProgram("claude-session");
    if (!check) assertOwnInstallation(own);
    const release = await readRelease(from, wanted?.replace(/^v/, ""));
    const { version } = release;
    const isNewer = Bun.semver.order(version, ownVersion) > 0;
    if (version === ownVersion || (wanted === undefined && !isNewer)) {
      terminal.print(`Version ${ownVersion} is the newest.`);
      return DONE;
    }
    if (check) {
      terminal.print(`Version ${version} is available; these programs are ${ownVersion}.`);
      return DONE;
    }
    return (await runInstaller(release, own)) === 0 ? DONE : FAILED;
  },
});

/** Programs that another installer manages are replaced by it. */
function assertOwnInstallation(own: string): void {
  const plugin = pluginFolder();
  if (plugin !== undefined)
    throw new CommandError(
      `${escapeLine(plugin)} is a plugin; update it with /plugin in Claude Code`,
    );
  if (dirname(own) === machineProgramFolder())
    throw new CommandError(
      `${escapeLine(dirname(own))} is installed for all users; to upgrade it, an administrator runs claude-session install --scope managed from the new version`,
    );
  if (/[\\/]node_modules[\\/]/.test(own))
    throw new CommandError("npm manages this program; run npx claude-session-hooks@latest install");
  if (/[\\/](?:Cellar|mise)[\\/]|^\/nix\//.test(own))
    throw new CommandError(`a package manager manages ${escapeLine(own)}; upgrade with that`);
}

// The installer downloads, verifies and tests the programs, and puts the old ones back if anything goes wrong. It leaves
// the settings alone: the paths in them stay the same.
async function runInstaller(release: Release, own: string): Promise<number> {
  const isWindows = process.platform === "win32";
  const script = await readVerified(release, isWindows ? "install.ps1" : "install.sh");
  const folder = mkdtempSync(`${tmpdir()}/claude-session-upgrade-`);
  try {
    chmodSync(folder, 0o700);
    const path = `${folder}/install.${isWindows ? "ps1" : "sh"}`;
    writeFileSync(path, script, { mode: 0o600 });
    const { address, version } = release;
    // Without a folder of its own, the installer also renews completions and the man page.
    const prefix = dirname(own) === USUAL_FOLDER ? undefined : dirname(own);
    const options = Object.entries({ from: address, version, prefix }).flatMap(([name, value]) =>
      value === undefined ? [] : [`${isWindows ? "-" : "--"}${name}`, value],
    );
    const command = isWindows
      ? ["powershell", "-NoProfile", "-ExecutionPolicy", "Bypass", "-File", path, "-NoRegister"]
      : ["sh", path, "--no-register"];
    const child = Bun.spawn([...command, ...options], {
      env: { ...environment },
      stdin: "ignore",
      stdout: "inherit",
      stderr: "inherit",
    });
    return await child.exited;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
