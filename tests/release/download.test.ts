// How `install.sh` gets a release: over https to the end, whatever redirects say, and whatever the user's files and
// variables tell its tools.
import { afterAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { Sandbox } from "../../scripts/harness/sandbox";
import { commandExists, run } from "../../scripts/harness/system-commands";
import { PLATFORMS } from "../../scripts/release/platforms";
import { as, copyForAll, USER, whyNotAnother } from "../support/users";
import { INSTALL_SH, runInstaller, toolbox } from "./installer";

const SUMS = PLATFORMS.map(
  ({ name }) => `${"a".repeat(64)}  claude-session-hooks-1.2.3-${name}.tar.xz\n`,
).join("");
const hasTools = commandExists("openssl") && commandExists("wget") && commandExists("curl");

const shared = new Sandbox();
afterAll(() => shared[Symbol.dispose]());
if (hasTools)
  run(
    "openssl",
    ..."req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost".split(" "),
    "-keyout",
    `${shared.root}/key.pem`,
    "-out",
    `${shared.root}/cert.pem`,
  );

// Both trust our server. -q must be the first option of curl.
const CURL = 'shift; exec /usr/bin/curl -q -k "$@"';
const WGET = 'exec /usr/bin/wget --no-check-certificate "$@"';
const WGET2 = `case $1 in --version) echo GNU Wget2 2.2.0; exit ;; esac; ${WGET}`;
const OTHER_WGET = `case $1 in --version) echo Wget of someone; exit ;; esac; ${WGET}`;

describe.skipIf(!hasTools)("install.sh", () => {
  test.each([
    ["curl", "https", 0, CURL, ""],
    ["GNU wget", "https", 0, WGET, ""],
    ["curl", "http", 1, CURL, "could not download"],
    ["GNU wget", "http", 1, WGET, "which is not https"],
    // It followed this redirect, in spite of --max-redirect=0 (1.99.1).
    ["Wget2 as wget", "https", 1, WGET2, "install curl or GNU wget 1"],
    ["another wget", "https", 1, OTHER_WGET, "install curl or GNU wget"],
  ])("with %s that is redirected to %s ends with %d", async (tool, scheme, code, line, message) => {
    using sandbox = new Sandbox();
    using servers = serve(scheme);
    const end = await install(sandbox, servers.secure, { [nameOf(tool)]: line });
    expect(end).toMatchObject({ code, stderr: expect.stringContaining(message) });
    expect(servers.plainRequests()).toBe(0);
  });

  test.each([
    ["curl", CURL],
    ["wget", WGET],
  ])("with %s follows a redirect without a server's name", async (tool, line) => {
    using sandbox = new Sandbox();
    using servers = serve("http");
    const end = await install(sandbox, `${servers.secure}/elsewhere`, { [tool]: line });
    expect(end).toMatchObject({ code: 0, stderr: "" });
  });

  test.each([
    ["curl", CURL],
    ["wget", WGET],
  ])("with %s follows no redirect away from this machine", async (tool, line) => {
    using sandbox = new Sandbox();
    using servers = serve("http");
    const end = await install(sandbox, servers.redirecting, { [tool]: line });
    expect(end).toMatchObject({ code: 1, stderr: expect.stringContaining("could not download") });
    expect(servers.plainRequests()).toBe(0);
  });

  test.each([
    ["curl", 'exec /usr/bin/curl "$@" -k'],
    ["wget", WGET],
  ])("with %s takes no notice of files and variables of the user", async (tool, line) => {
    using sandbox = new Sandbox();
    using servers = serve("https");
    const trap = `${sandbox.root}/trap`;
    writeFileSync(`${sandbox.home}/.curlrc`, `output = "${trap}"\n`);
    writeFileSync(`${sandbox.home}/.wgetrc`, `output_document = ${trap}\nmax_redirect = 20\n`);
    mkdirSync(`${sandbox.root}/cd/release`, { recursive: true });
    const env = {
      WGETRC: `${sandbox.home}/.wgetrc`,
      CDPATH: `${sandbox.root}/cd`,
      TAR_OPTIONS: "--no-such-option",
      XZ_DEFAULTS: "--no-such-option",
      XZ_OPT: "--no-such-option",
    };
    const own = { [tool]: line };
    const end = await install(sandbox, servers.secure, own, env);
    expect(end).toMatchObject({ code: 0, stderr: "" });
    mkdirSync(`${sandbox.root}/release`);
    writeFileSync(`${sandbox.root}/release/SHA256SUMS`, SUMS);
    const local = await install(sandbox, "release", own, env);
    expect(local.stdout).toContain(`from  file://${sandbox.root}/release/`);
    expect(existsSync(trap)).toBe(false);
  });

  test.each([
    ["000", 0o755],
    ["022", 0o755],
    ["077", 0o700],
    ["0277", 0o700],
  ])(
    "under umask %s makes folders that only the user may write to, and may",
    async (mask, mode) => {
      using sandbox = new Sandbox();
      const other = whyNotAnother() === undefined;
      const script = copyForAll(sandbox, INSTALL_SH);
      const release = `${sandbox.root}/release`;
      mkdirSync(release, { mode: 0o755 });
      writeFileSync(`${release}/SHA256SUMS`, SUMS);
      for (const { name } of PLATFORMS)
        writeFileSync(`${release}/claude-session-hooks-1.2.3-${name}.tar.xz`, "damaged");
      if (other) chownSync(sandbox.home, USER, USER);
      const end = await runInstaller(sandbox, ["--from", release], {
        command: ["sh", script],
        by: [...(other ? as(USER) : []), "sh", "-c", `umask ${mask}; exec "$@"`, "sh"],
      });
      // Both folders have been made by then, and the archive is in a third.
      expect(end.stderr).toContain("does not match SHA256SUMS");
      for (const path of [".claude", ".claude/hooks"])
        expect(statSync(`${sandbox.home}/${path}`).mode & 0o777).toBe(mode);
    },
  );
});

test.skipIf(whyNotAnother() !== undefined)("root installs nothing in a user's home", async () => {
  using sandbox = new Sandbox();
  writeFileSync(`${sandbox.root}/SHA256SUMS`, SUMS);
  chownSync(sandbox.home, USER, USER);
  const end = await runInstaller(sandbox, ["--from", sandbox.root]);
  const message = `${sandbox.home} belongs to another user: run this as that user, without sudo`;
  expect(end).toMatchObject({ code: 1, stderr: `install.sh: ${message}\n` });
  expect(readdirSync(sandbox.home)).toEqual([]);
});

function nameOf(tool: string): string {
  return tool.slice(tool.lastIndexOf(" ") + 1);
}

/** A dry run that gets only the list of checksums, with tools that these lines of shell replace. */
function install(
  sandbox: Sandbox,
  from: string,
  lines: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
) {
  const more = Object.fromEntries(
    Object.entries(lines).map(([name, line]) => {
      const path = `${sandbox.root}/own-${name}`;
      writeFileSync(path, `#!/bin/sh\n${line}\n`);
      chmodSync(path, 0o755);
      return [name, path];
    }),
  );
  const PATH = toolbox(sandbox, {
    without: ["curl", "wget"].filter((name) => !(name in lines)),
    more,
  });
  return runInstaller(sandbox, ["--dry-run", "--from", from], { env: { PATH, ...env } });
}

/** A server with TLS that redirects to another one, with TLS or without, and counts what that gets. */
function serve(scheme: string) {
  let plainRequests = 0;
  const tls = {
    key: Bun.file(`${shared.root}/key.pem`),
    cert: Bun.file(`${shared.root}/cert.pem`),
  };
  const plain = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch() {
      plainRequests++;
      return new Response(SUMS);
    },
  });
  const target = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    tls,
    fetch: () => new Response(SUMS),
  });
  const port = scheme === "http" ? plain.port : target.port;
  const redirect = ({ url }: Request) =>
    Response.redirect(`${scheme}://127.0.0.1:${port}${new URL(url).pathname}`, 302);
  const secure = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    tls,
    fetch(request) {
      const { pathname } = new URL(request.url);
      if (pathname.startsWith("/here/")) return new Response(SUMS);
      if (!pathname.startsWith("/r/elsewhere/")) return redirect(request);
      return new Response(null, { status: 302, headers: { Location: `/here${pathname}` } });
    },
  });
  const redirecting = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: redirect });
  return {
    secure: `https://127.0.0.1:${secure.port}/r`,
    redirecting: `http://127.0.0.1:${redirecting.port}/r`,
    plainRequests: () => plainRequests,
    [Symbol.dispose]() {
      for (const server of [plain, target, secure, redirecting]) void server.stop(true);
    },
  };
}
