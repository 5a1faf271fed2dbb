/** Owns `npm run release -- VERSION`: all artefacts into dist/release/, with their checksums. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { buildProgram } from '../build/program.ts';
import { replaceFolder } from '../build/swap.ts';
import { buildUi } from '../build/ui.ts';
import { asIsthmusError, IsthmusError } from '../core/errors.ts';
import { type Artefact, artefactsOf } from './artefacts.ts';
import { root } from './packed-files.ts';
import { releaseOf } from './release-facts.ts';

/** Where the artefacts of the last release are. */
const folder = join(root, 'dist/release');

/** The program, and the Debian package that has it. */
const programs = { rpmbuild: 'rpm', buildah: 'buildah', debootstrap: 'debootstrap' } as const;

async function release(version: string | undefined, dryRun: boolean): Promise<void> {
  const facts = await releaseOf(process.env, version);
  const artefacts = artefactsOf(facts);
  requirePrograms(artefacts);
  if (dryRun) {
    process.stdout.write(`Version ${facts.version} of ${facts.date} would be:\n`);
    for (const { name } of artefacts) process.stdout.write(`  ${name}\n`);
    process.stdout.write(`\n${facts.changes}\n`);
    return;
  }
  // Never what somebody has built of another source.
  await Promise.all([buildProgram(), buildUi()]);
  await replaceFolder(folder, async (dir) => {
    const sums: string[] = [];
    for (const { name, make } of artefacts) {
      const output = join(dir, name);
      await make(output, dir);
      const sum = await sha256(output);
      sums.push(`${sum}  ${name}\n`);
      process.stdout.write(`${sum}  ${name}\n`);
    }
    await writeFile(join(dir, 'SHA256SUMS'), sums.join(''));
  });
  process.stdout.write(`\nAll in ${folder}, with SHA256SUMS\n`);
}

function requirePrograms(artefacts: readonly Artefact[]): void {
  const needed = new Set(artefacts.flatMap(({ needs }) => needs ?? []));
  const missing = [...needed].filter((one) => spawnSync('which', [one]).status !== 0);
  if (missing.length === 0) return;
  throw new IsthmusError('USAGE', {
    what: `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not installed`,
    fix: `Debian has them in: apt-get install ${missing.map((one) => programs[one]).join(' ')}`,
  });
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { 'dry-run': { type: 'boolean', default: false } },
  });
  await release(positionals[0], values['dry-run']);
} catch (thrown) {
  const { code, message, where, fix } = asIsthmusError(thrown);
  process.stderr.write(`error ${code}: ${message}${where ? ` (${where})` : ''}\n  fix: ${fix}\n`);
  process.exitCode = 1;
}
