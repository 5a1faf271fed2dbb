/** Owns building the program into `dist/program/`: plain JavaScript, its libraries in it, a bundle for each thread and process. */
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type OutputChunk, rolldown } from 'rolldown';
import { inputsFile, lastChange, program } from '../bin/build.js';
import { bareHttp } from './bare-http.ts';
import { followUrls, nameOf } from './follow-urls.ts';
import { leftOut } from './left-out.ts';
import { licences } from './licences.ts';
import { replaceFolder } from './swap.ts';
import { undescribed } from './undescribed.ts';

const root = join(import.meta.dirname, '..');
const main = join(root, 'cli/main.ts');
/** Terraform's provider: a process that a launcher starts, as the command is. */
const provider = join(root, 'terraform/provider/main.ts');
const { files: packed } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly files: readonly string[];
};

/** Puts a build of the source as it is now in the place of the last one. */
export async function buildProgram(): Promise<void> {
  const begunAt = Date.now();
  await replaceFolder(program, async (dir) => {
    const modules = new Set<string>();
    const entries = new Set([main, provider]);
    for (const entry of entries) {
      for (const id of await bundle(entry, dir, entries)) modules.add(id);
    }
    await writeFile(join(dir, 'licences.txt'), licences(modules));
    await writeFile(join(dir, inputsFile), inputs(modules, begunAt));
  });
}

/**
 * Builds one entry alone, so that nothing comes along that only others need; adds what it starts to `entries`. Resolves to the files it
 * was built from.
 */
async function bundle(entry: string, dir: string, entries: Set<string>): Promise<string[]> {
  const isMain = entry === main;
  const { plugin, programs } = followUrls(root, program, packed);
  const build = await rolldown({
    input: { [isMain ? 'main' : nameOf(entry, root)]: entry },
    platform: 'node',
    transform: {
      define: {
        __dirname: 'import.meta.dirname',
        // A library that asks for this one loads `fetch`, which it has of its own.
        'globalThis.Headers': 'undefined',
      },
    },
    plugins: [plugin, bareHttp, leftOut, undescribed],
  });
  const { output } = await build.write({
    dir,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    sourcemap: true,
    // They are where the map says, or of no interest.
    sourcemapExcludeSources: true,
    // V8 keeps a text with any other character in twice the memory.
    charset: 'ascii',
    comments: false,
    // What a thread needs it needs at once.
    codeSplitting: isMain || entry === provider,
  });
  await build.close();
  for (const started of programs) entries.add(started);
  return output
    .filter((file): file is OutputChunk => file.type === 'chunk')
    .flatMap(({ moduleIds }) => moduleIds);
}

/** Every file of ours in it, and what decides how it is built, with its last change; one during the build has it built again. */
function inputs(modules: Iterable<string>, begunAt: number): string {
  const ours = [...modules].filter((id) => id.startsWith(root) && !id.includes('/node_modules/'));
  const how = ['package-lock.json', 'package.json'].map((name) => join(root, name));
  const here = readdirSync(import.meta.dirname).map((name) => join(import.meta.dirname, name));
  const all = [...ours, ...how, ...here];
  return JSON.stringify(
    Object.fromEntries(
      all.map((file) => {
        const changedAt = lastChange(file) ?? 0;
        return [relative(root, file), changedAt < begunAt ? changedAt : 0];
      }),
    ),
  );
}
