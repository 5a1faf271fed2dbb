/** Owns the list of what is in the packages (an SBOM, CycloneDX): the libraries in the program, and Node.js. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './packed-files.ts';
import type { Release } from './release-facts.ts';

const run = promisify(execFile);

interface Component {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly group?: string;
  readonly version: string;
}

interface Bom {
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/**
 * npm knows all packages and their hashes, those that only build and test among them; what the build has taken in is known by the licences it
 * has put together. The serial number is of the content, so that the same source has the same one.
 */
export async function sbomOf({ epoch }: Release): Promise<string> {
  const format = ['--sbom-format=cyclonedx', '--sbom-type=application'];
  // The libraries in the program are needed to build it only; NODE_ENV, which the build of the UI sets, leaves such out.
  const how = ['sbom', ...format, '--package-lock-only', '--include=dev'];
  const { stdout } = await run('npm', how, { cwd: root, maxBuffer: 64 << 20 });
  const bom: Bom = JSON.parse(stdout);
  const licences = await readFile(join(root, 'dist/program/licences.txt'), 'utf8');
  const built = new Set(Array.from(licences.matchAll(/^(\S+ \d+\.\S+) \(/gm), ([, one]) => one));
  const isIn = ({ name, group, version }: Component) =>
    built.has(`${group ? `${group}/` : ''}${name} ${version}`) || isNode(name);
  const components = bom.components.filter(isIn);
  const own = bom.metadata.component['bom-ref'];
  const kept = new Set([own, ...components.map((one) => one['bom-ref'])]);
  const dependencies = bom.dependencies
    .filter(({ ref }) => kept.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((on) => kept.has(on)) }));
  const component = { ...bom.metadata.component, name: 'isthmus', type: 'application' };
  const content = {
    ...bom,
    serialNumber: serialOf(components),
    metadata: { ...bom.metadata, timestamp: new Date(epoch * 1000).toISOString(), component },
    // For npm they are what builds the program: it knows nothing of the build.
    components: components.map((one) => ({ ...one, scope: 'required', properties: [] })),
    dependencies,
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

/** Its packages hold a Node.js for a platform each. */
function isNode(name: string): boolean {
  return /^node-(bin-)?(darwin|linux|win)-/.test(name);
}

function serialOf(components: unknown): string {
  const hash = createHash('sha256').update(JSON.stringify(components)).digest('hex');
  const [a, b, c, d, e] = [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `5${hash.slice(13, 16)}`,
    `8${hash.slice(17, 20)}`,
    hash.slice(20, 32),
  ];
  return `urn:uuid:${a}-${b}-${c}-${d}-${e}`;
}
