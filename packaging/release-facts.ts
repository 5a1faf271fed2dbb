/** Owns what is to be known of a release before anything of it is made. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { IsthmusError } from '../core/errors.ts';
import { entryOf } from './changelog.ts';
import { root } from './packed-files.ts';

export interface Release {
  readonly version: string;
  /** `2026-12-01` */
  readonly date: string;
  /** The time of everything in the artefacts, in seconds: `SOURCE_DATE_EPOCH`, else the day that the changelog has. */
  readonly epoch: number;
  /** What changed, as Markdown. */
  readonly changes: string;
}

/** The release of `version`, by default of the one in package.json. Throws USAGE where the changelog, package.json or the lockfile says something else. */
export async function releaseOf(env: NodeJS.ProcessEnv, version?: string): Promise<Release> {
  const manifest = await readJson('package.json');
  const lock = await readJson('package-lock.json');
  const wanted = version ?? manifest.version;
  if (!/^\d+\.\d+\.\d+$/.test(wanted)) {
    throw new IsthmusError('USAGE', {
      what: `${JSON.stringify(wanted)} is no version to release`,
      fix: 'Give it as 1.2.3.',
    });
  }
  for (const [where, found] of [
    ['package.json', manifest.version],
    ['package-lock.json', lock.version],
  ]) {
    if (found === wanted) continue;
    throw new IsthmusError('USAGE', {
      what: `The version is ${found} there, and ${wanted} is to be released`,
      where,
      fix: `Set it: npm version --no-git-tag-version ${wanted}`,
    });
  }
  const changelog = await readFile(join(root, 'CHANGELOG.md'), 'utf8');
  const { date, text } = entryOf(changelog, wanted);
  const given = env['SOURCE_DATE_EPOCH'];
  return {
    version: wanted,
    date,
    epoch: given ? Number(given) : Date.parse(date) / 1000,
    changes: text,
  };
}

async function readJson(name: string): Promise<{ readonly version: string }> {
  return JSON.parse(await readFile(join(root, name), 'utf8'));
}
