// Packages of Debian's unstable distribution, unpacked into a folder: what the stable one does not have, without a change
// to the system and without root. apt checks their signatures, by a configuration of its own.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
const TIMEOUT_MS = 600_000;

/**
 * Downloads packages and what they depend on, and unpacks those that are wanted.
 *
 * @param isWanted by the name of a package; by default only those that are asked for
 * @throws {Error} saying why it cannot be done here
 */
export function unpackDebianPackages(
  names: readonly string[],
  folder: string,
  isWanted: (name: string) => boolean = (name) => names.includes(name),
): void {
  const mirror = debianMirror();
  const root = mkdtempSync(`${tmpdir()}/claude-session-hooks-apt-`);
  try {
    for (const part of ["state/lists/partial", "cache/archives/partial"])
      mkdirSync(`${root}/${part}`, { recursive: true });
    // No package is installed, as far as this apt knows, so it fetches every one.
    writeFileSync(`${root}/status`, "");
    writeFileSync(`${root}/sources.list`, `deb [signed-by=${KEYRING}] ${mirror} sid main\n`);
    const options = Object.entries({
      "Dir::Etc::sourcelist": `${root}/sources.list`,
      "Dir::Etc::sourceparts": "-",
      "Dir::State": `${root}/state`,
      "Dir::State::status": `${root}/status`,
      "Dir::Cache": `${root}/cache`,
      // As root apt would hand over to a user that cannot read this folder.
      "APT::Sandbox::User": "root",
    }).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
    runOrThrow("apt-get", ...options, "-qq", "update");
    const install = ["--download-only", "--no-install-recommends", "install", ...names];
    runOrThrow("apt-get", ...options, "-qq", "-y", ...install);
    const archives = `${root}/cache/archives`;
    // Names of archives are `name_version_architecture.deb`.
    for (const file of readdirSync(archives))
      if (file.endsWith(".deb") && isWanted(file.slice(0, file.indexOf("_"))))
        runOrThrow("dpkg-deb", "--extract", `${archives}/${file}`, folder);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/**
 * The mirror that this system's own apt uses.
 *
 * @throws {Error} saying why there is none
 */
export function debianMirror(): string {
  if (process.platform !== "linux" || Bun.which("apt-get") === null || !existsSync(KEYRING))
    throw new Error("it comes as packages of Debian, which this system cannot fetch");
  const found = runOrThrow(
    "apt-get",
    "indextargets",
    "--format",
    "$(SITE)",
    "Created-By: Packages",
    "Origin: Debian",
  )
    .split("\n")
    .find((site) => site !== "" && !site.includes("security"));
  if (found === undefined) throw new Error("this system has no mirror of Debian");
  return found;
}

function runOrThrow(...command: readonly string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: TIMEOUT_MS,
  });
  if (exitCode === 0) return stdout.toString();
  const [reason = ""] = stderr.toString().trim().split("\n");
  throw new Error(`${command[0]} ended with ${exitCode}: ${reason}`);
}
