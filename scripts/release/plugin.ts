// The plugin for Claude Code: a zip for each platform, and the marketplace that names them. A marketplace has no selector
// of platforms, so each is a plugin of its own; the name of its skills is the same (`/session-hooks:show`).
//
// https://code.claude.com/docs/en/plugins-reference, and the client 2.1.330.
import manifest from "../../package.json" with { type: "json" };
import { observableEvents, programFor } from "../../lib/events";
import type { Manifest } from "./manifest";
import { PLATFORMS, type Platform } from "./platforms";

/** The programs in a plugin: one hook, which acts as every other, and the command line. Six would not fit into 256 MiB. */
export const PLUGIN_PROGRAMS = ["session-event", "claude-session"] as const;

/** What its skills begin with. */
const PLUGIN = "session-hooks";
const AUTHOR = { name: "The claude-session-hooks authors" };
const KEYWORDS = ["hooks", "sessions", "log", "observability"];
/** As in settings: no event takes longer than a second. */
const TIMEOUT_S = 5;

/** The name of a platform's plugin in the marketplace: `session-hooks-linux-x64`. */
export function pluginName({ name }: Platform): string {
  return `${PLUGIN}-${name}`;
}

/**
 * The name of a platform's zip among the assets of a release. mise takes the shortest name that fits a platform, and that
 * has to be the archive of the programs.
 */
export function pluginArchive({ name }: Platform, version: string): string {
  return `${manifest.name}-${version}-${name}-plugin.zip`;
}

/** The texts of a plugin, by their paths in it. */
export function pluginTexts({ suffix }: Platform, version: string): ReadonlyMap<string, string> {
  const hook = `\${CLAUDE_PLUGIN_ROOT}/bin/session-event${suffix}`;
  // A plugin's hooks may name events that the client does not know: it only skips them.
  const hooks = Object.fromEntries(
    observableEvents().map((event) => [
      event,
      [
        {
          hooks: [
            { type: "command", command: hook, args: [programFor(event)], timeout: TIMEOUT_S },
          ],
        },
      ],
    ]),
  );
  return new Map<string, string>([
    [
      ".claude-plugin/plugin.json",
      json({
        name: PLUGIN,
        version,
        description: manifest.description,
        author: AUTHOR,
        homepage: manifest.homepage,
        license: manifest.license,
        keywords: KEYWORDS,
      }),
    ],
    ["hooks/hooks.json", json({ description: manifest.description, hooks })],
    ...SKILLS.map(([name, description, body]): [string, string] => [
      `skills/${name}/SKILL.md`,
      `---\nname: ${name}\ndescription: ${description}\n---\n\n${body}\n`,
    ]),
    ["README.md", README],
  ]);
}

/** The marketplace of a release: `marketplace.json`. */
export function marketplace({ name, version, platforms }: Manifest, releases: string): string {
  return json({
    name,
    owner: AUTHOR,
    description: manifest.description,
    plugins: platforms.flatMap(({ platform, plugin }) => {
      const known = PLATFORMS.find((one) => one.name === platform);
      if (plugin === undefined || known === undefined) return [];
      return [
        {
          name: pluginName(known),
          version,
          description: `${manifest.description} (${platform})`,
          license: manifest.license,
          category: "monitoring",
          source: {
            source: "archive",
            url: `${releases}/download/v${version}/${plugin.name}`,
            sha256: plugin.sha256,
          },
        },
      ];
    }),
  });
}

const PROGRAM = '"${CLAUDE_PLUGIN_ROOT}/bin/claude-session"';

const SKILLS: readonly (readonly [name: string, description: string, body: string])[] = [
  [
    "show",
    "Show what was recorded of a Claude Code session: prompts, tool calls, subagents and answers.",
    `Run this, with the session that the user named, or \`latest\`:

\`\`\`sh
${PROGRAM} show latest
\`\`\`

\`${PROGRAM} list\` has the ids of all sessions. Show the output as it is, then answer what the user asked.`,
  ],
  [
    "doctor",
    "Check that the session hooks record everything, and say how to fix what does not work.",
    `Run this:

\`\`\`sh
${PROGRAM} doctor
\`\`\`

Report every line that begins with a warning or a failure with its fix. Change nothing without being asked.`,
  ],
  [
    "dashboard",
    "Open a page in the browser that shows every recorded session, live.",
    `Run this in the background, because it serves the page until it is stopped:

\`\`\`sh
${PROGRAM} dashboard
\`\`\`

Give the user the address that it prints.`,
  ],
];

const README = `# session-hooks

Small compiled programs that record every event of Claude Code in one private, durable log on this machine. They need no
Node, no Bun and no network, print nothing, and take milliseconds.

- \`/session-hooks:show\` shows the timeline of a session.
- \`/session-hooks:doctor\` checks that everything works.
- \`/session-hooks:dashboard\` opens all sessions in a browser.

The log is in \`~/.claude/session-hooks\`, and stays when the plugin is removed. Do not register the same hooks in the
settings as well: every event would be recorded twice. \`/session-hooks:doctor\` says whether they are.
`;

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
