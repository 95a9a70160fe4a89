// A host that publishes a release over https, for a client that takes neither http nor loopback: an address in a network
// namespace of its own, in which nothing else can be reached, and a certificate that is made for it.
import { rmSync } from "node:fs";
import { run } from "../../scripts/harness/system-commands";

/** An address for documentation (RFC 5737), which no host in the world has. */
const ADDRESS = "203.0.113.7";

/** Where the release is. */
export const RELEASES = `https://${ADDRESS}/releases`;

/** What came of commands that ran next to the host. */
export interface Visit {
  readonly commands: readonly { readonly code: number; readonly output: string }[];
  /** The paths that were asked for, in their order. */
  readonly requests: readonly string[];
}

// Root may make a network namespace; others may in a user namespace of their own, where the system allows that.
const UNSHARE = process.geteuid?.() === 0 ? ["--net"] : ["--user", "--map-root-user", "--net"];
const SET_UP = `ip link set lo up && ip address add ${ADDRESS}/32 dev lo`;

/** Why there can be no such host on this machine. */
export function whyNoHost(): string | undefined {
  for (const tool of ["unshare", "ip", "openssl"])
    if (Bun.which(tool) === null) return `${tool} is not installed`;
  const { exitCode, stderr } = Bun.spawnSync(["unshare", ...UNSHARE, "sh", "-c", SET_UP]);
  return exitCode === 0 ? undefined : `no network namespace: ${stderr.toString().trim()}`;
}

/**
 * Runs commands where they reach the host, one after the other, and nothing else.
 *
 * @param folder the release, as {@link RELEASES} has it below `latest/download` and `download/vVERSION`
 * @param env of the commands, which also get a variable with the certificate
 */
export async function visitHost(
  folder: string,
  commands: readonly (readonly string[])[],
  env: Readonly<Record<string, string>>,
  cwd: string,
): Promise<Visit> {
  const certificate = `${folder}.pem`;
  const key = `${folder}.key`;
  run(
    "openssl",
    ..."req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=release -addext".split(" "),
    `subjectAltName=IP:${ADDRESS}`,
    "-keyout",
    key,
    "-out",
    certificate,
  );
  try {
    const own = { folder, certificate, key, commands, cwd };
    const child = Bun.spawn(
      ["unshare", ...UNSHARE, "sh", "-c", `${SET_UP} && exec "$0" "$@"`].concat(
        process.execPath,
        import.meta.path,
        JSON.stringify(own),
      ),
      {
        env: { ...env, NODE_EXTRA_CA_CERTS: certificate },
        stdin: "ignore",
        stdout: "pipe",
        stderr: "pipe",
      },
    );
    const [code, stdout, stderr] = await Promise.all([
      child.exited,
      child.stdout.text(),
      child.stderr.text(),
    ]);
    if (code !== 0) throw new Error(`the host ended with ${code}: ${stderr}`);
    return JSON.parse(stdout) as Visit;
  } finally {
    rmSync(key);
    rmSync(certificate);
  }
}

// In the namespace: serves, runs the commands, and prints what came of them.
async function host(): Promise<Visit> {
  const { folder, certificate, key, commands, cwd } = JSON.parse(process.argv[2] ?? "") as {
    readonly folder: string;
    readonly certificate: string;
    readonly key: string;
    readonly commands: readonly string[][];
    readonly cwd: string;
  };
  const requests: string[] = [];
  const server = Bun.serve({
    hostname: ADDRESS,
    port: 443,
    tls: { cert: Bun.file(certificate), key: Bun.file(key) },
    async fetch(request) {
      const { pathname } = new URL(request.url);
      requests.push(pathname);
      const [, name] =
        /^\/releases\/(?:latest\/download|download\/v[\d.]+)\/([\w.-]+)$/.exec(pathname) ?? [];
      const file = Bun.file(`${folder}/${name}`);
      return name !== undefined && (await file.exists())
        ? new Response(file)
        : new Response("not found", { status: 404 });
    },
  });
  const ended: { code: number; output: string }[] = [];
  for (const command of commands) {
    const child = Bun.spawn(command, { cwd, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const [code, stdout, stderr] = await Promise.all([
      child.exited,
      child.stdout.text(),
      child.stderr.text(),
    ]);
    ended.push({ code, output: stdout + stderr });
  }
  await server.stop(true);
  return { commands: ended, requests };
}

if (import.meta.main) console.log(JSON.stringify(await host()));
