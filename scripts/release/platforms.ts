// The platforms of a release: their names, and the archives that they get.

/** `zip` is for Windows before 2023, whose tar cannot unpack the other. */
export type ArchiveKind = "tar.xz" | "zip";

/** One platform. */
export interface Platform {
  /** Its name in archives and installers. */
  readonly name: string;
  /** Bun's name of it. */
  readonly runtime: Bun.Build.CompileTarget;
  /** The end of a program's file name. */
  readonly suffix: "" | ".exe";
  readonly archives: readonly ArchiveKind[];
}

/** All platforms, in the order of the release page. */
export const PLATFORMS: readonly Platform[] = [
  unix("linux-x64", "bun-linux-x64"),
  unix("linux-arm64", "bun-linux-arm64"),
  unix("linux-x64-musl", "bun-linux-x64-musl"),
  unix("linux-arm64-musl", "bun-linux-arm64-musl"),
  unix("darwin-arm64", "bun-darwin-arm64"),
  unix("darwin-x64", "bun-darwin-x64"),
  windows("windows-x64", "bun-windows-x64"),
  windows("windows-arm64", "bun-windows-arm64"),
];

/** The platform of this machine, if there is a release for it. */
export function ownPlatform(): Platform | undefined {
  const os = process.platform === "win32" ? "windows" : process.platform;
  const libc = os === "linux" && !usesGlibc() ? "-musl" : "";
  return PLATFORMS.find(({ name }) => name === `${os}-${process.arch}${libc}`);
}

function usesGlibc(): boolean {
  const { header } = process.report.getReport() as { header: object };
  return "glibcVersionRuntime" in header;
}

function unix(name: string, runtime: Bun.Build.CompileTarget): Platform {
  return { name, runtime, suffix: "", archives: ["tar.xz"] };
}

function windows(name: string, runtime: Bun.Build.CompileTarget): Platform {
  return { name, runtime, suffix: ".exe", archives: ["tar.xz", "zip"] };
}
