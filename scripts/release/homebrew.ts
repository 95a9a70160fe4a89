// The formula for a Homebrew tap, from the archives of a release.
import manifest from "../../package.json" with { type: "json" };
import { HOOK_PROGRAMS } from "../../lib/events";
import type { Manifest } from "./manifest";

/** The name of the formula among the assets of a release; in a tap it belongs to `Formula/`. */
export const FORMULA = "claude-session-hooks.rb";

/** Homebrew's names of systems and processors, and ours. Homebrew on Linux has a glibc of its own. */
const SYSTEMS = [
  [
    "on_macos",
    [
      ["on_arm", "darwin-arm64"],
      ["on_intel", "darwin-x64"],
    ],
  ],
  [
    "on_linux",
    [
      ["on_arm", "linux-arm64"],
      ["on_intel", "linux-x64"],
    ],
  ],
] as const;

const ARCHIVE = ".tar.xz";

/**
 * Writes the formula. The hooks are one file with five names: links by name would not do, because a program finds its
 * name from the file that it is.
 */
export function formula({ version, platforms }: Manifest, releases: string): string {
  const archives = new Map(
    platforms.map(({ platform, archives: all }) => [
      platform,
      all.find(({ name }) => name.endsWith(ARCHIVE)),
    ]),
  );
  const [first = "", ...others] = HOOK_PROGRAMS;
  return [
    "class ClaudeSessionHooks < Formula",
    `  desc ${quote(manifest.description.split(":")[0] ?? "")}`,
    `  homepage ${quote(releases.replace(/\/releases$/, ""))}`,
    `  version ${quote(version)}`,
    `  license ${quote(manifest.license)}`,
    "",
    ...SYSTEMS.flatMap(([system, processors]) => {
      const blocks = processors.flatMap(([processor, platform]) => {
        const archive = archives.get(platform);
        if (archive === undefined) return [];
        return [
          `    ${processor} do`,
          `      url ${quote(`${releases}/download/v${version}/${archive.name}`)}`,
          `      sha256 ${quote(archive.sha256)}`,
          "    end",
        ];
      });
      return blocks.length === 0 ? [] : [`  ${system} do`, blocks, "  end", ""].flat();
    }),
    "  def install",
    `    bin.install "claude-session", ${quote(first)}`,
    `    [${others.map(quote).join(", ")}].each do |hook|`,
    `      File.link(bin/${quote(first)}, bin/hook)`,
    "    end",
    '    man1.install "claude-session.1"',
    '    bash_completion.install "claude-session.bash" => "claude-session"',
    '    zsh_completion.install "claude-session.zsh" => "_claude-session"',
    '    fish_completion.install "claude-session.fish"',
    "  end",
    "",
    "  def caveats",
    '    "To register the hooks with Claude Code: claude-session install"',
    "  end",
    "",
    "  test do",
    '    system bin/"claude-session", "--self-test"',
    '    system bin/"session-end", "--self-test"',
    "  end",
    "end",
    "",
  ].join("\n");
}

function quote(text: string): string {
  return `"${text.replaceAll(/["\\#]/g, String.raw`\$&`)}"`;
}
