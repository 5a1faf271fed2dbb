/** Owns what CHANGELOG.md says of a version. */
import { IsthmusError } from '../core/errors.ts';

interface Entry {
  readonly version: string;
  /** `2026-12-01` */
  readonly date: string;
  /** What changed, as Markdown. */
  readonly text: string;
}

const heading = /^## (\d+\.\d+\.\d+) - (\d{4}-\d{2}-\d{2})$/;

/** All entries, in the order of the file: newest first. */
export function entriesOf(changelog: string): Entry[] {
  const sections = changelog.split(/^(?=## )/m).filter((section) => section.startsWith('## '));
  return sections.map((section) => {
    const [first = '', ...rest] = section.split('\n');
    const [, version, date] = heading.exec(first) ?? [];
    if (version === undefined || date === undefined || Number.isNaN(Date.parse(date))) {
      throw new IsthmusError('USAGE', {
        what: `${JSON.stringify(first)} is no heading of a version`,
        where: 'CHANGELOG.md',
        fix: 'Write it as: ## 1.2.3 - 2026-12-31',
      });
    }
    return { version, date, text: rest.join('\n').trim() };
  });
}

/** The entry of `version`. Throws USAGE where there is none, it says nothing, or it is not the newest. */
export function entryOf(changelog: string, version: string): Entry {
  const [newest] = entriesOf(changelog);
  if (newest?.version === version && newest.text !== '') return newest;
  throw new IsthmusError('USAGE', {
    what: `The first entry of the changelog is ${newest?.text ? `of ${newest.version}` : 'empty'}, and ${version} is to be released`,
    where: 'CHANGELOG.md',
    fix: `Say there what changed, under: ## ${version} - YYYY-MM-DD`,
  });
}
