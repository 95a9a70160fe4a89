// Whether environment variables change what the hooks do.
import type { Facts } from "../collect";
import { dangerOf } from "../facts/variables";
import { fail, ok, warn, type Result } from "../finding";

/** Checks our own environment, and the variables that settings set for Claude Code. */
export function* checkVariables({
  dangerous,
  masked,
  ignored,
  settings,
}: Facts): Generator<Result> {
  const places = [
    ...dangerous.map((name) => ({
      name,
      where: "here",
      fix: `Start Claude Code without ${name}.`,
    })),
    ...settings.flatMap(({ path, dangerous: names }) =>
      names.map((name) => ({ name, where: `in ${path}`, fix: `Remove ${name} from it.` })),
    ),
  ];
  for (const { name, where, fix } of places) {
    const danger = dangerOf(name);
    if (danger === undefined) continue;
    const report = danger.isFatal === true ? fail : warn;
    yield report(`${name} is set ${where}: it ${danger.effect}`, fix);
  }
  for (const name of ignored)
    yield warn(
      `${name} is set here and ignored, because it is not an absolute path`,
      `Set ${name} to an absolute path.`,
    );
  for (const { path, moved } of settings)
    for (const name of moved)
      yield warn(
        `${name} is set in ${path} but differs here, so hooks write to a different place than doctor reads`,
        `Set ${name} in your shell profile instead, so that both use it.`,
      );
  if (places.length === 0) yield ok("No variable changes what the hooks do");
  if (masked.length > 0) yield ok(`Values masked wherever they occur: ${masked.join(", ")}`);
}
