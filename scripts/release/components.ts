// What the programs contain apart from our own source: the bill of materials, and the licenses.
import { readdirSync } from "node:fs";
import { dirname } from "node:path";
import manifest from "../../package.json" with { type: "json" };

const modules = `${dirname(dirname(import.meta.dir))}/node_modules`;

/** The runtime inside every program: https://github.com/oven-sh/bun. */
export const RUNTIME = { name: "bun", version: Bun.version } as const;

interface Component {
  readonly "bom-ref": string;
  readonly name: string;
  readonly version: string;
}

interface Bill {
  serialNumber?: string;
  metadata: { timestamp?: string; component: Record<string, unknown> };
  components: Component[];
  dependencies: { ref: string; dependsOn: string[] }[];
}

/**
 * The bill of materials in CycloneDX 1.5 (https://cyclonedx.org): the bundled packages, as npm lists them, and
 * the runtime. The serial number and the time are left out, because they differ each time.
 *
 * @throws {Error} if `npm sbom` fails
 */
export async function billOfMaterials(): Promise<string> {
  const bill = await bundledBill();
  delete bill.serialNumber;
  delete bill.metadata.timestamp;
  const { component } = bill.metadata;
  // npm takes the name of the folder for it.
  component["name"] = manifest.name;
  // The addresses in package.json are placeholders.
  delete component["externalReferences"];
  const reference = `${RUNTIME.name}@${RUNTIME.version}`;
  bill.components.unshift({
    "bom-ref": reference,
    type: "platform",
    ...RUNTIME,
    description: "The JavaScript runtime that every program contains",
    purl: `pkg:npm/${reference}`,
    externalReferences: [{ type: "vcs", url: "https://github.com/oven-sh/bun" }],
    licenses: [{ license: { id: "MIT" } }],
  } as Component);
  const own = bill.dependencies.find(({ ref }) => ref === component["bom-ref"]);
  own?.dependsOn.unshift(reference);
  bill.dependencies.push({ ref: reference, dependsOn: [] });
  return `${JSON.stringify(bill, undefined, 2)}\n`;
}

/** The licenses of everything that is bundled, as one text. */
export async function licenses(): Promise<string> {
  const { components } = await bundledBill();
  const texts = await Promise.all(
    components.map(async ({ name, version }) => {
      const folder = `${modules}/${name}`;
      const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
      if (file === undefined) throw new Error(`${name} has no license in its folder`);
      return `## ${name} ${version}\n\n${(await Bun.file(`${folder}/${file}`).text()).trim()}\n`;
    }),
  );
  return [
    "# Third-party software in these programs\n",
    `## Bun ${RUNTIME.version}, the runtime\n\n${await runtimeLicense()}\n`,
    ...texts,
  ].join("\n");
}

async function runtimeLicense(): Promise<string> {
  const page = await Bun.file(`${modules}/bun-types/docs/project/license.mdx`).text();
  return page
    .replace(/^---\n[\s\S]*?\n---\n/, "")
    .replaceAll(/^## /gm, "### ")
    .trim();
}

/**
 * The bill of the packages that are bundled: those reachable from our dependencies. `--omit dev` should select
 * them, but also drops those that a development package needs too, such as ms and picocolors (npm 11.19).
 */
async function bundledBill(): Promise<Bill> {
  const bill = await npmBill();
  const needs = new Map(bill.dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]));
  const own = Object.entries<string>(manifest.dependencies);
  const bundled = new Set(own.map(([name, version]) => `${name}@${version}`));
  for (const ref of bundled) for (const needed of needs.get(ref) ?? []) bundled.add(needed);
  const isBundled = (ref: string) => bundled.has(ref);
  const root = String(bill.metadata.component["bom-ref"]);
  const dependencies = bill.dependencies.filter(({ ref }) => ref === root || isBundled(ref));
  for (const dependency of dependencies)
    dependency.dependsOn = dependency.dependsOn.filter(isBundled);
  const components = bill.components.filter((component) => isBundled(component["bom-ref"]));
  return { ...bill, components, dependencies };
}

async function npmBill(): Promise<Bill> {
  const options = [
    "--package-lock-only",
    "--sbom-format",
    "cyclonedx",
    "--sbom-type",
    "application",
  ];
  const npm = Bun.spawn([Bun.which("npm") ?? "npm", "sbom", ...options], {
    cwd: dirname(modules),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [bill, errors, code] = await Promise.all([
    npm.stdout.text(),
    npm.stderr.text(),
    npm.exited,
  ]);
  if (code !== 0) throw new Error(`npm sbom ended with ${code}: ${errors.trim()}`);
  return JSON.parse(bill) as Bill;
}
