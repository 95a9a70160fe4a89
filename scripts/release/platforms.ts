// The platforms that a release is made for: what they are called, and how programs come to them.

/** How programs are packed: the first for all who can unpack it, the other for Windows before 2023. */
export type ArchiveKind = "tar.xz" | "zip";

/** One of them. */
export interface Platform {
  /** As archives and the installers call it. */
  readonly name: string;
  /** As Bun calls it. */
  readonly runtime: Bun.Build.CompileTarget;
  /** What a program's file name ends with. */
  readonly suffix: "" | ".exe";
  readonly archives: readonly ArchiveKind[];
}

/** All platforms, in the order of a release's page. */
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

/** The platform of this machine, if it is one of them. */
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
