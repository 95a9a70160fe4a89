// `install --scope managed`: for all users of a machine of its own, by root and as everyone sees it.
import { afterAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { coreEvents, HOOK_PROGRAMS } from "../../lib/events";
import type { EventRecord } from "../../lib/log/record";
import { dist } from "../../scripts/build";
import { capturedPayload } from "../../scripts/harness/payloads";
import { runCli, runProgram, type Ended } from "../../scripts/harness/run-program";
import { Sandbox } from "../../scripts/harness/sandbox";
import { run } from "../../scripts/harness/system-commands";
import { Machine, whyNoMachine } from "../support/machine";
import { as, skipped, USER, whyNotAnother } from "../support/users";

setDefaultTimeout(120_000);

const whyNot = whyNoMachine() ?? whyNotAnother();
const repository = resolve(import.meta.dir, "../..");
const SETTINGS = "/etc/claude-code/managed-settings.d/50-session-hooks.json";
const PROGRAMS = "/opt/claude-session-hooks/bin";

// One machine for all tests, because the programs take a while to copy.
const root = new Sandbox();
const machine = new Machine(root);
afterAll(() => root[Symbol.dispose]());
const settings = `${machine.etc}/claude-code/managed-settings.d/50-session-hooks.json`;
const programs = `${machine.opt}/claude-session-hooks/bin`;
beforeEach(() => {
  rmSync(`${machine.etc}/claude-code`, { recursive: true, force: true });
  rmSync(`${machine.etc}/claude-session-hooks`, { recursive: true, force: true });
});

const asRoot = (line: string, folder?: string) =>
  runCli(root, line, { by: machine.by, ...(folder !== undefined && { folder }) });

/** An ordinary user of the machine. */
class User implements Disposable {
  readonly sandbox = new Sandbox();

  constructor() {
    const { root: folder, home, pointers, project } = this.sandbox;
    chmodSync(folder, 0o755);
    run("chown", "-R", `${USER}:${USER}`, home, pointers, project);
  }

  /** Runs the machine's command line. */
  cli(line: string, folder = PROGRAMS): Promise<Ended> {
    const by = [...machine.by, ...as(USER)];
    return runCli(this.sandbox, line, { by, folder, env: { COLUMNS: "400" } });
  }

  /** Starts the machine's hook for an event, and returns its records. */
  async record(event: string): Promise<EventRecord[]> {
    const { text } = await capturedPayload(event);
    const by = [...machine.by, ...as(USER)];
    const ended = await runProgram("session-event", this.sandbox, text, { by, folder: PROGRAMS });
    expect([ended.code, ended.stdout, ended.stderr]).toEqual([0, "", ""]);
    const { events } = this.sandbox;
    return readdirSync(events).flatMap((day) =>
      readFileSync(`${events}/${day}`, "utf8")
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as EventRecord),
    );
  }

  [Symbol.dispose](): void {
    this.sandbox[Symbol.dispose]();
  }
}

/** The blocks of JSON in a page. */
function jsonIn(page: string): object[] {
  return Array.from(
    page.matchAll(/^```json\n(.*?)^```/gms),
    ([, text = ""]) => JSON.parse(text) as object,
  );
}

/** The permission bits of a path. */
const modeOf = (path: string) => statSync(path).mode & 0o777;

/** The events that settings register, and the program of each. */
function registered(text: string): Record<string, string> {
  const { hooks } = JSON.parse(text) as {
    hooks: Record<string, { hooks: { command: string }[] }[]>;
  };
  return Object.fromEntries(
    Object.entries(hooks).map(([event, [group]]) => [event, group?.hooks[0]?.command ?? ""]),
  );
}

describe.skipIf(whyNot !== undefined)(`install --scope managed${skipped(whyNot)}`, () => {
  test("places programs that everyone can run and only root can change, and registers them", async () => {
    const { code, stdout, stderr } = await asRoot("install --scope managed");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(`Installed for all users into ${SETTINGS}`);
    for (const name of ["claude-session", ...HOOK_PROGRAMS]) {
      expect([name, modeOf(`${programs}/${name}`)]).toEqual([name, 0o755]);
      expect(statSync(`${programs}/${name}`).uid).toBe(0);
    }
    for (const folder of [programs, `${machine.opt}/claude-session-hooks`, dirname(settings)])
      expect(modeOf(folder)).toBe(0o755);
    expect(modeOf(settings)).toBe(0o644);
    const events = registered(readFileSync(settings, "utf8"));
    expect(Object.keys(events)).toEqual(coreEvents());
    for (const command of Object.values(events)) expect(command).toStartWith(`${PROGRAMS}/`);

    // Again, from where they are now.
    const again = await asRoot("install --scope managed", PROGRAMS);
    expect([again.code, again.stdout]).toEqual([0, expect.stringContaining("the same as before")]);

    using user = new User();
    expect((await user.record("UserPromptSubmit")).map(({ event }) => event)).toEqual([
      "UserPromptSubmit",
    ]);
    const doctor = await user.cli("doctor");
    expect(doctor.stdout).toContain(`12 events registered in ${SETTINGS}`);
    expect(doctor.stdout).not.toContain("Recorded twice");
    expect(doctor.code).toBe(0);
  });

  test("writes what the page for teams shows", async () => {
    const blocks = jsonIn(readFileSync(`${repository}/docs/teams.md`, "utf8"));
    expect((await asRoot("install --scope managed")).code).toBe(0);
    const written: unknown = JSON.parse(readFileSync(settings, "utf8"));
    expect([written]).toEqual(blocks.filter((block) => "hooks" in block));
    // Its config.json has no mistake, and sends where it says.
    const config = blocks.find((block) => "destinations" in block) ?? {};
    machine.configure(config);
    using user = new User();
    const { stdout } = await user.cli("doctor");
    expect(stdout).toContain("/etc/claude-session-hooks/config.json applies to all users");
    const status = JSON.parse((await user.cli("forward --status --json")).stdout) as object;
    expect(status).toMatchObject({
      destinations: [{ name: "team-logs" }, { name: "team-traces" }],
      faults: [],
    });
  });

  test("keeps users from registering the hooks a second time, and doctor names who did before", async () => {
    using user = new User();
    // By programs of their own, before the machine had any.
    expect((await user.cli("install", dist)).code).toBe(0);
    expect((await asRoot("install --scope managed")).code).toBe(0);
    const doctor = await user.cli("doctor");
    expect(doctor.stdout).toContain(`Recorded twice, because ${SETTINGS} and`);
    expect(doctor.stdout).toContain("claude-session uninstall removes yours");
    expect((await user.cli("uninstall")).code).toBe(0);
    for (const scope of ["user", "project", "local"]) {
      const refused = await user.cli(`install --scope ${scope}`);
      expect([refused.code, refused.stdout]).toEqual([1, ""]);
      expect(refused.stderr).toContain(`for all users in ${SETTINGS}`);
    }
    expect((await user.cli("doctor")).stdout).not.toContain("Recorded twice");
    expect((await user.cli("upgrade")).stderr).toContain("is installed for all users");
  });

  test("by an ordinary user changes nothing, and prints what root would write", async () => {
    using user = new User();
    const server = "--server http://127.0.0.1:4000";
    const byHand = await user.cli(`install --scope managed ${server}`, dist);
    expect(byHand.code).toBe(1);
    expect(byHand.stderr).toContain("only root can: run this with sudo. Nothing was changed.");
    expect(byHand.stderr).toContain(`to ${PROGRAMS}, owned by root, with mode 755`);
    expect(existsSync(`${machine.etc}/claude-code`)).toBe(false);
    expect((await asRoot(`install --scope managed ${server}`)).code).toBe(0);
    expect(byHand.stdout.trim()).toBe(
      [readFileSync(machine.config, "utf8"), readFileSync(settings, "utf8")]
        .map((text) => text.trimEnd())
        .join("\n"),
    );
    expect(modeOf(machine.config)).toBe(0o644);
    // What root wrote is trusted.
    const status = await user.cli("forward --status --json");
    expect(JSON.parse(status.stdout)).toMatchObject({
      destinations: [{ name: "server", configured_in: "/etc/claude-session-hooks/config.json" }],
      faults: [],
    });
    const uninstall = await user.cli("uninstall --scope managed");
    expect([uninstall.code, uninstall.stdout.trim()]).toEqual([1, `rm "${SETTINGS}"`]);
    expect(existsSync(settings)).toBe(true);
  });

  test("only shows what would change, for anyone, with --dry-run", async () => {
    using user = new User();
    const { code, stdout } = await user.cli("install --scope managed --dry-run", dist);
    expect(code).toBe(0);
    expect(stdout).toContain(`Would copy the programs to ${PROGRAMS}.`);
    expect(stdout).toContain(`+++ ${SETTINGS}`);
    // What the machine's file has of secrets is not for the screen.
    const server = { name: "team", type: "http", url: "https://team.example.com" };
    const headers = { "X-Key": "a-key-of-the-team" };
    machine.configure({ destinations: [{ ...server, headers }] });
    const more = await user.cli("install --scope managed --dry-run --server localhost:4000", dist);
    expect(more.stdout).toContain("+++ /etc/claude-session-hooks/config.json");
    expect(more.stdout).not.toContain("a-key-of-the-team");
    expect(existsSync(`${machine.etc}/claude-code`)).toBe(false);
  });

  test("owns only its own file: uninstall removes that, also after the programs", async () => {
    const other = `${machine.etc}/claude-code/managed-settings.d/10-team.json`;
    const main = `${machine.etc}/claude-code/managed-settings.json`;
    mkdirSync(`${machine.etc}/claude-code/managed-settings.d`, { recursive: true });
    writeFileSync(other, '{ "model": "opus" } // ours\n');
    writeFileSync(main, '{"hooks":{}}');
    expect((await asRoot("install --scope managed")).code).toBe(0);
    renameSync(programs, `${programs}.away`);
    try {
      const { code, stdout } = await asRoot("uninstall --scope managed");
      expect([code, stdout]).toEqual([0, expect.stringContaining("The file was removed.")]);
    } finally {
      renameSync(`${programs}.away`, programs);
    }
    expect(existsSync(settings)).toBe(false);
    expect(readFileSync(other, "utf8")).toBe('{ "model": "opus" } // ours\n');
    expect(readFileSync(main, "utf8")).toBe('{"hooks":{}}');
    const again = await asRoot("uninstall --scope managed");
    expect(again.stdout).toContain("None of our hooks is registered");
  });

  test("keeps what an administrator added to the file", async () => {
    expect((await asRoot("install --scope managed")).code).toBe(0);
    const text = readFileSync(settings, "utf8");
    writeFileSync(settings, text.replace("{\n", '{\n  "model": "opus",\n'));
    expect((await asRoot("install --scope managed --events all")).code).toBe(0);
    expect((await asRoot("uninstall --scope managed")).stdout).toContain(
      "Its other settings stay.",
    );
    expect(JSON.parse(readFileSync(settings, "utf8"))).toEqual({ model: "opus" });
  });

  test.each([
    [
      "a file of that name that is not ours",
      () => {
        mkdirSync(dirname(settings), { recursive: true });
        writeFileSync(settings, '{"model":"opus"}');
      },
      "so it is not ours; move it. Nothing was changed.",
    ],
    [
      "our hooks in another managed file",
      () => {
        mkdirSync(`${machine.etc}/claude-code`, { recursive: true });
        const hook = { type: "command", command: `${PROGRAMS}/session-event`, args: [] };
        const hooks = { Stop: [{ hooks: [hook] }] };
        writeFileSync(
          `${machine.etc}/claude-code/managed-settings.json`,
          JSON.stringify({ hooks }),
        );
      },
      "/etc/claude-code/managed-settings.json already registers the hooks",
    ],
    [
      "the plugin in managed settings",
      () => {
        mkdirSync(`${machine.etc}/claude-code`, { recursive: true });
        writeFileSync(
          `${machine.etc}/claude-code/managed-settings.json`,
          JSON.stringify({ enabledPlugins: { "session-hooks-linux-x64@team": true } }),
        );
      },
      "managed settings enable the plugin session-hooks-linux-x64@team",
    ],
    [
      "a folder of programs that others can change",
      () => chmodSync(machine.opt, 0o777),
      "users other than root can change /opt",
    ],
    [
      "folders of programs that not every user can enter",
      () => chmodSync(machine.opt, 0o700),
      "not every user can enter /opt",
    ],
    [
      "a folder of settings that not every user can read",
      () => mkdirSync(`${machine.etc}/claude-code`, { mode: 0o700 }),
      "not every user can enter /etc/claude-code",
    ],
    [
      "a file of its own that is a link",
      () => {
        mkdirSync(dirname(settings), { recursive: true });
        symlinkSync(`${root.home}/theirs.json`, settings);
      },
      `${SETTINGS} is a link to ${root.home}/theirs.json`,
    ],
  ] as [string, () => void, string][])("stops at %s", async (_, prepare, reason) => {
    prepare();
    const before = existsSync(settings) ? readFileSync(settings, "utf8") : undefined;
    const { code, stderr } = await asRoot("install --scope managed");
    chmodSync(machine.opt, 0o755);
    expect(existsSync(`${root.home}/theirs.json`)).toBe(false);
    expect([code, stderr]).toEqual([1, expect.stringContaining(reason)]);
    expect(existsSync(settings) ? readFileSync(settings, "utf8") : undefined).toBe(before);
  });

  test.each([
    ["accepts", "only root can change", "link", 0o755, undefined],
    [
      "stops at",
      "others can change",
      "link",
      0o777,
      "users other than root can change /opt/place,",
    ],
    [
      "stops at",
      "others can change",
      "chain",
      0o777,
      "users other than root can change /opt/place,",
    ],
  ] as const)(
    "%s a folder behind a link, into one that %s (a %s)",
    async (_, __, kind, mode, reason) => {
      const linked = `${machine.opt}/claude-session-hooks`;
      const place = `${machine.opt}/place`;
      mkdirSync(place);
      chmodSync(place, mode);
      rmSync(linked, { recursive: true, force: true });
      // A chain ends where nobody else can write, and leads through where they can.
      const real = kind === "link" ? `${place}/real` : `${machine.opt}/real`;
      mkdirSync(real);
      chmodSync(real, 0o755);
      if (kind === "chain") symlinkSync("/opt/real", `${place}/second`);
      symlinkSync(kind === "link" ? "place/real" : "place/second", linked);
      try {
        const { code, stderr } = await asRoot("install --scope managed");
        expect([code, stderr]).toEqual([reason ? 1 : 0, expect.stringContaining(reason ?? "")]);
        expect(existsSync(`${real}/bin`)).toBe(reason === undefined);
      } finally {
        for (const path of [linked, place, real]) rmSync(path, { recursive: true, force: true });
      }
    },
  );

  test("makes folders that everyone can enter, under any umask", async () => {
    rmSync(`${machine.opt}/claude-session-hooks`, { recursive: true, force: true });
    const by = [...machine.by, "sh", "-c", 'umask 077 && exec "$0" "$@"'];
    expect((await runCli(root, "install --scope managed", { by })).code).toBe(0);
    for (const path of [programs, dirname(programs), dirname(settings), dirname(dirname(settings))])
      expect([path, modeOf(path)]).toEqual([path, 0o755]);
    expect(modeOf(settings)).toBe(0o644);
    using user = new User();
    expect(await user.record("UserPromptSubmit")).toHaveLength(1);
  });

  test("gives programs to root that an archive unpacked as a user's", async () => {
    expect((await asRoot("install --scope managed")).code).toBe(0);
    for (const name of ["claude-session", ...HOOK_PROGRAMS])
      chownSync(`${programs}/${name}`, USER, USER);
    expect((await asRoot("install --scope managed", PROGRAMS)).code).toBe(0);
    for (const name of ["claude-session", ...HOOK_PROGRAMS])
      expect([name, statSync(`${programs}/${name}`).uid]).toEqual([name, 0]);
  });

  test.each(["--settings x.json", "--link", "--separate", "--no-register"])(
    "has no %s",
    async (option) => {
      const { code } = await asRoot(`install --scope managed ${option}`);
      expect(code).toBe(2);
    },
  );
});
