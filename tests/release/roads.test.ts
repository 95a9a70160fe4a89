// What a release writes for others to read: the formula for Homebrew, the names that mise chooses from.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { HOOK_PROGRAMS } from "../../lib/events";
import { formula } from "../../scripts/release/homebrew";
import { assetsOf, releasePage, type Manifest } from "../../scripts/release/manifest";
import { launcherArchive, npmArchive } from "../../scripts/release/npm-packages";
import { marketplace, pluginArchive } from "../../scripts/release/plugin";
import { PLATFORMS } from "../../scripts/release/platforms";

const VERSION = "7.8.9";
const RELEASES = "https://example.com/owner/claude-session-hooks/releases";
const file = (name: string) => ({ name, bytes: 1, sha256: Bun.SHA256.hash(name, "hex") });
const released: Manifest = {
  name: "claude-session-hooks",
  version: VERSION,
  released: "2026-11-23",
  runtime: { name: "bun", version: "1.4.5", revision: "0" },
  platforms: PLATFORMS.map((platform) => ({
    platform: platform.name,
    runtime: platform.runtime,
    archives: platform.archives.map((kind) =>
      file(`claude-session-hooks-${VERSION}-${platform.name}.${kind}`),
    ),
    programs: [file("claude-session")],
    plugin: file(pluginArchive(platform, VERSION)),
    npm: file(npmArchive(platform, VERSION)),
    unpacked_bytes: 1,
  })),
};
const assets = released.platforms.flatMap(assetsOf);

describe("the formula", () => {
  const text = formula(released, RELEASES);

  test("names the archives of four platforms with their checksums", () => {
    const pairs = Array.from(text.matchAll(/url "(.*)"\n\s+sha256 "(.*)"/g), ([, url, sum]) => ({
      url,
      sum,
    }));
    expect(pairs).toHaveLength(4);
    for (const { url = "", sum } of pairs) {
      const found = assets.find(({ name }) => url === `${RELEASES}/download/v${VERSION}/${name}`);
      expect(found?.sha256).toBe(sum as string);
    }
    for (const hook of HOOK_PROGRAMS) expect(text).toContain(`"${hook}"`);
    // The reader of a formula cuts longer ones.
    expect(/desc "(.*)"/.exec(text)?.[1]?.length).toBeLessThanOrEqual(80);
  });

  test.skipIf(Bun.which("ruby") === null)("is Ruby, and installs five names of one file", () => {
    // As much of Homebrew as the formula uses; the calls are printed.
    const homebrew = `
      class Place
        def initialize(name) = @name = name
        def install(*files) = puts("#{@name} #{files.inspect}")
        def /(name) = "/#{@name}/#{name}"
      end
      def File.link(from, to) = puts("#{from} #{to}")
      class Formula
        def self.test = nil
        def self.method_missing(name, *values, &block)
          puts "#{name} #{values.join(" ")}"
          block.call if block
        end
        %w[bin man1 bash_completion zsh_completion fish_completion].each { |name| define_method(name) { Place.new(name) } }
      end`;
    const { stdout, stderr, exitCode } = Bun.spawnSync(
      ["ruby", "-e", `${homebrew}\n${text}\nClaudeSessionHooks.new.install`],
      { env: { PATH: "/usr/bin:/bin" } },
    );
    expect([exitCode, stderr.toString()]).toEqual([0, ""]);
    const lines = stdout.toString().split("\n");
    expect(lines).toContain(`version ${VERSION}`);
    expect(lines.filter((line) => line.startsWith("/bin/session-start /bin/"))).toHaveLength(4);
    expect(lines.filter((line) => line.startsWith("sha256 "))).toHaveLength(4);
  });
});

// The lines without what differs between a release and the newest one.
const LINES = [
  /^curl -fsSL \S+\/install\.sh \| sh$/m,
  /irm \S+\/install\.ps1 \| iex/,
  /npx claude-session-hooks\S* install/,
  /^\/plugin marketplace add \S+\/marketplace\.json$/m,
  /^\/plugin install session-hooks-\S+@claude-session-hooks$/m,
];

test.each([
  ["the release's page", releasePage(released, "", RELEASES)],
  ["the README", readFileSync(`${import.meta.dir}/../../README.md`, "utf8")],
  ["docs/install.md", readFileSync(`${import.meta.dir}/../../docs/install.md`, "utf8")],
])("%s has the line of every road", (_, text) => {
  for (const line of LINES) expect(text).toMatch(line);
});

test("the marketplace names the zip of every platform with its checksum", () => {
  const { plugins } = JSON.parse(marketplace(released, RELEASES)) as {
    plugins: { source: { url: string; sha256: string } }[];
  };
  expect(plugins).toHaveLength(PLATFORMS.length);
  for (const { source } of plugins) {
    const found = assets.find(({ name }) => source.url.endsWith(`/v${VERSION}/${name}`));
    expect(found?.sha256).toBe(source.sha256);
  }
});

// mise scores system, processor and C library by these words, and of equals takes the shortest name.
describe.each(PLATFORMS.map(({ name }) => name))("mise on %s", (platform) => {
  test("finds the archive of the programs", () => {
    const names = [...assets.map(({ name }) => name), launcherArchive(VERSION)];
    const [os = "", cpu = ""] = platform.split("-");
    const isMusl = platform.endsWith("-musl");
    const fitting = names
      .filter(
        (name) => new RegExp(`\\b${os}\\b`).test(name) && new RegExp(`\\b${cpu}\\b`).test(name),
      )
      .filter((name) => /\bmusl\b/.test(name) === isMusl)
      .toSorted((a, b) => a.length - b.length);
    expect(fitting[0]).toStartWith(`claude-session-hooks-${VERSION}-${platform}.`);
  });
});
