// Whether environment variables change what the hooks do.
import type { Facts } from "../collect";
import { dangerOf } from "../facts/variables";
import { fail, ok, warn, type Result } from "../finding";

/** Judges the variables that are set here, and those that settings set for Claude Code. */
export function* checkVariables({ dangerous, ignored, settings }: Facts): Generator<Result> {
  const places = [
    ...dangerous.map((name) => ({
      name,
      where: "here",
      fix: `Start Claude Code without ${name}.`,
    })),
    ...settings.flatMap(({ path, dangerous: names }) =>
      names.map((name) => ({ name, where: `in ${path}`, fix: `Take ${name} out of it.` })),
    ),
  ];
  for (const { name, where, fix } of places) {
    const danger = dangerOf(name);
    if (danger === undefined) continue;
    const judge = danger.isFatal === true ? fail : warn;
    yield judge(`${name} is set ${where}: it ${danger.harm}`, fix);
  }
  for (const name of ignored)
    yield warn(
      `${name} is set here and ignored, for it is no absolute path`,
      `Give ${name} a path that begins at the root.`,
    );
  for (const { path, moved } of settings)
    for (const name of moved)
      yield warn(
        `${name} is set in ${path}, and not the same here: hooks write elsewhere than this looks`,
        `Set ${name} in the shell's profile instead, for both.`,
      );
  if (places.length === 0) yield ok("No variable is set that would change what the hooks do");
}
