// The machine's config.json and the user's, in the built programs: on a machine of their own, as an ordinary user.
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import type { ForwardingReport } from "../../lib/forward/status";
import type { EventRecord } from "../../lib/log/record";
import { capturedPayload } from "../../scripts/harness/payloads";
import { runCli, runProgram, type Start } from "../../scripts/harness/run-program";
import { Sandbox } from "../../scripts/harness/sandbox";
import { commandExists, run } from "../../scripts/harness/system-commands";
import { placeForUser } from "../attacks/two-users";
import { Collector } from "../support/collector";
import { endForwarders } from "../support/forwarder";
import { Machine, whyNoMachine } from "../support/machine";
import { until } from "../support/until";
import { as, skipped, USER, whyNotAnother } from "../support/users";

setDefaultTimeout(60_000);

const whyNot = whyNoMachine() ?? whyNotAnother();
const shared = new Sandbox();
afterAll(() => shared[Symbol.dispose]());
// Hooks that start no forwarder, and the command line.
const { hooks, all } = whyNot === undefined ? await placeForUser(shared) : { hooks: "", all: "" };
const [{ payload: prompted }, { payload: asked }] = await Promise.all([
  capturedPayload("UserPromptSubmit"),
  capturedPayload("PermissionRequest"),
]);

const PATH = "/etc/claude-session-hooks/config.json";
const CLOSED = "capture: no prompt, tool input or response is recorded until this is fixed";
const PROMPT = "the plans of Project Falcon";

/** A user of a machine. */
class User implements Disposable {
  readonly sandbox = new Sandbox();
  readonly machine = new Machine(this.sandbox);

  constructor() {
    const { home, pointers, project } = this.sandbox;
    run("chown", "-R", `${USER}:${USER}`, home, pointers, project);
  }

  /** Writes the user's own config.json. */
  configure(content: object): void {
    const { state, home } = this.sandbox;
    mkdirSync(state, { recursive: true, mode: 0o700 });
    writeFileSync(`${state}/config.json`, JSON.stringify(content), { mode: 0o600 });
    run("chown", "-R", `${USER}:${USER}`, home);
  }

  get start(): Start {
    return { folder: hooks, by: [...this.machine.by, ...as(USER)] };
  }

  /** Records an event, and returns its record. */
  async record(event: object, env: Record<string, string> = {}) {
    const ended = await runProgram("session-event", this.sandbox, event, { ...this.start, env });
    expect([ended.code, ended.stdout, ended.stderr]).toEqual([0, "", ""]);
    const { events } = this.sandbox;
    const lines = readdirSync(events).flatMap((day) =>
      readFileSync(`${events}/${day}`, "utf8").trimEnd().split("\n"),
    );
    return JSON.parse(lines.at(-1) ?? "") as EventRecord;
  }

  prompt(env: Record<string, string> = {}) {
    return this.record({ ...prompted, prompt: PROMPT }, env);
  }

  cli(line: string) {
    return runCli(this.sandbox, line, { ...this.start, folder: all, env: { COLUMNS: "300" } });
  }

  /** The reasons in hook-errors.log, the newest last. */
  faults(): string[] {
    const path = `${this.sandbox.state}/hook-errors.log`;
    const lines = existsSync(path) ? readFileSync(path, "utf8").trimEnd().split("\n") : [];
    return lines.map((line) => line.split("\t")[2] ?? "");
  }

  [Symbol.dispose](): void {
    this.sandbox[Symbol.dispose]();
  }
}

describe.skipIf(whyNot !== undefined)(`a machine's config.json${skipped(whyNot)}`, () => {
  test("keeps its content out of the log, even if the user's file lets it in", async () => {
    using user = new User();
    user.machine.configure({ capture: { prompts: false } });
    user.configure({ capture: { prompts: true } });
    expect((await user.prompt()).payload).toMatchObject({ prompt: "[not captured]" });
    expect(user.faults()).toEqual([]);
    const { stdout, code } = await user.cli("doctor");
    expect(code).not.toBeNull();
    expect(stdout).toContain(`${PATH} applies to all users of this machine: capture.prompts\n`);
    expect(stdout).toContain("config.json: capture.prompts: false counts, not true");
  });

  test("is not moved or switched off by a variable", async () => {
    using user = new User();
    user.machine.configure({ capture: { prompts: false } });
    const empty = user.sandbox.home;
    for (const env of [
      { HOME: "/nowhere", CLAUDE_SESSION_HOME: user.sandbox.state },
      { ProgramData: empty, PROGRAMDATA: empty, ALLUSERSPROFILE: empty },
      { XDG_CONFIG_DIRS: empty, XDG_CONFIG_HOME: empty },
      { CLAUDE_CONFIG_DIR: empty, CLAUDE_SESSION_HOME: user.sandbox.state },
    ])
      expect((await user.prompt(env)).payload).toMatchObject({ prompt: "[not captured]" });
  });

  test("has masks that the user adds to and cannot undo", async () => {
    using user = new User();
    user.machine.configure({ redact: { literals: ["Project Falcon"], keys: ["pin"] } });
    user.configure({
      redact: { literals: ["plans"], allow: ["literal", "named-secret", "Project Falcon"] },
      // Input that is not parsed would be masked by its forms only.
      limits: { input_bytes: 1024 },
    });
    expect((await user.prompt()).payload).toMatchObject({
      prompt: "the [redacted:literal] of [redacted:literal]",
    });
    const tool_input = { command: "x".repeat(2000), pin: "1234" };
    const { parameters } = await user.record({ ...asked, tool_input });
    expect(parameters).toMatchObject({ pin: "[redacted:named-secret]" });
  });

  const reasons: [string, (user: User) => void, string][] = [
    ["is not JSON", ({ machine }) => machine.configure("{"), "not JSON"],
    ["is empty", ({ machine }) => machine.configure(""), "not JSON"],
    ["is too large", ({ machine }) => machine.configure(" ".repeat(65_537)), "too large"],
    [
      "has a misspelt key",
      ({ machine }) => machine.configure({ capture: { promts: false } }),
      "capture.promts: unknown key",
    ],
    ["cannot be read by the user", ({ machine }) => chmodSync(machine.config, 0o600), "EACCES"],
    [
      "is in a folder that the user cannot enter",
      ({ machine }) => chmodSync(machine.folder, 0o700),
      "EACCES",
    ],
    [
      "is the user's",
      ({ machine }) => chownSync(machine.config, USER, USER),
      `not trusted: ${PATH} does not belong to root`,
    ],
    [
      "can be written by a group",
      ({ machine }) => chmodSync(machine.config, 0o664),
      `not trusted: users other than root can write to ${PATH}`,
    ],
    [
      "is in a folder of the user",
      ({ machine }) => chownSync(machine.folder, USER, USER),
      "not trusted: /etc/claude-session-hooks does not belong to root",
    ],
    [
      "is below a folder that everyone can write to",
      ({ machine }) => chmodSync(machine.etc, 0o1777),
      "not trusted: users other than root can write to /etc",
    ],
    [
      "is a link to a file of the user",
      ({ machine, sandbox }) => {
        rmSync(machine.config);
        writeFileSync(`${sandbox.home}/own.json`, "{}");
        symlinkSync(`${sandbox.home}/own.json`, machine.config);
      },
      "not trusted: it is a link",
    ],
    [
      "is in a linked folder",
      ({ machine, sandbox }) => {
        renameSync(machine.folder, `${sandbox.root}/elsewhere`);
        symlinkSync(`${sandbox.root}/elsewhere`, `${machine.etc}/claude-session-hooks`);
      },
      "not trusted: /etc/claude-session-hooks is not a folder",
    ],
    [
      "is in the place of its folder",
      ({ machine }) => {
        rmSync(machine.folder, { recursive: true });
        writeFileSync(`${machine.etc}/claude-session-hooks`, "{}");
      },
      "ENOTDIR",
    ],
    [
      "is a FIFO",
      ({ machine }) => {
        rmSync(machine.config);
        run("mkfifo", machine.config);
      },
      "not a regular file",
    ],
  ];
  test.each(reasons)(
    "that %s lets no content into the log, and doctor says why",
    async (_, change, reason) => {
      using user = new User();
      user.machine.configure({ retention_days: 7 });
      change(user);
      user.configure({ capture: { prompts: true }, redact: { allow: ["literal"] } });
      expect((await user.prompt()).payload).toMatchObject({ prompt: "[not captured]" });
      expect(user.faults()).toEqual([`${PATH}: ${reason}`, `${PATH}: ${CLOSED}`]);
      const { stdout } = await user.cli("doctor");
      expect(stdout).toContain(`${PATH}: ${reason}`);
      expect(stdout).toContain("Ask the administrator to fix it.");
      expect(stdout).not.toContain("applies to all users");
    },
  );

  test("has destinations that the user adds to, and can neither remove nor redirect", async () => {
    using user = new User();
    await using team = new Collector();
    await using own = new Collector();
    await using other = new Collector();
    const http = (name: string, { port }: Collector) => ({
      name,
      type: "http",
      url: `http://127.0.0.1:${port}/`,
    });
    user.machine.configure({ destinations: [http("team", team)] });
    user.configure({ destinations: [http("Team", other), http("own", own)] });
    const { id } = await user.prompt();
    expect((await user.cli("forward --once")).stderr).toContain(
      `config.json: destinations[0] Team: a destination in ${PATH} has this name`,
    );
    const ids = ({ arrivals }: Collector) => [...new Set(arrivals.map((arrival) => arrival.id))];
    expect([ids(team), ids(own), ids(other)]).toEqual([[id], [id], []]);
    const { stdout } = await user.cli("forward --status --json");
    const { destinations } = JSON.parse(stdout) as ForwardingReport;
    expect(destinations.map(({ name, configured_in: file }) => [name, file])).toEqual([
      ["team", PATH],
      ["own", `${user.sandbox.state}/config.json`],
    ]);
    expect((await user.cli("forward --status")).stdout).toContain("in the machine's config.json");
  });

  test("reaches a forwarder that is running: the old address gets no event more", async () => {
    using user = new User();
    await using before = new Collector();
    await using after = new Collector();
    const sendTo = ({ port }: Collector) =>
      user.machine.configure({
        destinations: [{ name: "team", type: "http", url: `http://127.0.0.1:${port}/` }],
      });
    sendTo(before);
    const first = await user.prompt();
    const forwarder = user.cli("forward");
    try {
      await until(() => before.arrivals.length > 0);
      sendTo(after);
      const second = await user.prompt();
      await until(() => after.arrivals.length > 0);
      const ids = ({ arrivals }: Collector) => arrivals.map(({ id }) => id);
      expect([ids(before), ids(after)]).toEqual([[first.id], [second.id]]);
    } finally {
      await endForwarders(shared);
      await forwarder;
    }
  });

  test("that the user cannot see does not stop the user's own deliveries", async () => {
    using user = new User();
    await using own = new Collector();
    user.machine.configure({ retention_days: 7 });
    chmodSync(user.machine.folder, 0o700);
    user.configure({
      destinations: [{ name: "own", type: "http", url: `http://127.0.0.1:${own.port}/` }],
    });
    const { id } = await user.prompt();
    const { by = [] } = user.start;
    const forwarder = Bun.spawn([...by, `${all}/claude-session`, "forward"], {
      env: user.sandbox.env(),
      cwd: user.sandbox.project,
      stdout: "ignore",
      stderr: "pipe",
    });
    try {
      await Promise.race([until(() => own.arrivals.length > 0), forwarder.exited]);
      expect(own.arrivals.map((arrival) => arrival.id)).toEqual([id]);
    } finally {
      forwarder.kill();
      await forwarder.exited;
    }
  });

  test("has destinations whose names are taken, also if one cannot be used", async () => {
    using user = new User();
    await using other = new Collector();
    const url = `http://127.0.0.1:${other.port}/`;
    user.machine.configure({ destinations: [{ name: "team", type: "otlp", url: "not one" }] });
    user.configure({ destinations: [{ name: "team-logs", type: "http", url }] });
    await user.prompt();
    expect((await user.cli("forward --once")).code).toBe(1);
    expect(other.arrivals).toEqual([]);
  });

  test.skipIf(!commandExists("strace"))(
    "that is missing costs a hook one system call",
    async () => {
      using user = new User();
      const trace = `${user.sandbox.home}/trace`;
      const { by = [] } = user.start;
      await runProgram("session-event", user.sandbox, prompted, {
        ...user.start,
        by: [...by, "strace", "-f", "-qq", "-e", "trace=%file", "-o", trace],
      });
      const calls = readFileSync(trace, "utf8")
        .split("\n")
        .filter((line) => line.includes("/etc/claude-session-hooks"));
      expect(calls).toHaveLength(1);
      expect(calls[0]).toContain("ENOENT");
    },
  );
});
