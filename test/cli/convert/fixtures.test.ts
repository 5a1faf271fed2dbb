/** Specifies what documents of other systems become, and what is told of them: each of `fixtures` beside what is made of it. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import test from 'ava';
import { parseAllDocuments, stringify } from 'yaml';
import { convertTexts } from '../../../cli/convert/convert.ts';
import { policyKinds } from '../../../policy/kinds.ts';
import { documentsIn } from '../../../policy/read-documents.ts';

const folder = new URL('fixtures/', import.meta.url);
const asked = { namespace: 'shop', trustDomain: 'dc1.acme' };

function convert(text: string, name: string) {
  return convertTexts([{ text, name }], asked);
}

function written(documents: readonly object[]): string {
  return documents.map((one) => `---\n${stringify(one)}`).join('');
}

const names = readdirSync(folder).filter((name) => !name.includes('.isthmus.'));

for (const name of names) {
  const text = readFileSync(new URL(name, folder), 'utf8');

  test(`${name} becomes what stands beside it, which apply takes`, (t) => {
    const { documents, told, faults } = convert(text, name);
    t.deepEqual(faults, []);
    const lines = told.map(
      ({ as, where, path, why }) => `# ${where} ${path.join('.')}: ${as}: ${why}\n`,
    );
    const made = `${lines.join('')}${written(documents)}`;
    const beside = new URL(name.replace(/\.\w+$/, '.isthmus.yaml'), folder);
    if (process.env['ISTHMUS_FIXTURES'] === 'write') writeFileSync(beside, made);
    t.is(made, readFileSync(beside, 'utf8'));
    const read = documentsIn([{ text: written(documents), name }], policyKinds);
    t.deepEqual(read.faults, []);
    t.is(read.documents.length, documents.length);
  });

  test(`nothing of ${name} is dropped in silence: a field that nobody knows is told, wherever it stands`, (t) => {
    const values = parseAllDocuments(text).flatMap((one) => one.toJS() as unknown);
    let count = 0;
    for (const [i, value] of values.entries()) {
      const paths = objectsIn(value, []).filter((path) => !path.some(isOfNoConcern));
      // Those of one depth at once: none is within another.
      for (const [, level] of Map.groupBy(paths, (path) => path.length)) {
        const changed = values.with(i, withUnknown(value, level));
        const { documents, told } = convert(
          changed.map((one) => stringify(one)).join('---\n'),
          name,
        );
        const [begin, end] = linesOf(changed, i);
        const within = told.filter(({ as, where }) => {
          const line = Number(where.split(':').at(-2));
          return line >= begin && line <= end && as === 'left-out';
        });
        for (const path of level) {
          const isTold = within.some((one) =>
            one.path.every((key, at) => key === [...path, unknown][at]),
          );
          // Among fields that have any names, it is one of them.
          const isSaid = JSON.stringify(documents).includes(unknown);
          t.true(isTold || isSaid, `document ${i}: ${path.join('.')}`);
          count++;
        }
      }
    }
    t.true(count > 10);
  });
}

const unknown = 'nobody-knows';

function objectsIn(value: unknown, path: readonly string[]): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.entries(value).flatMap(([key, one]) => objectsIn(one, [...path, key]));
  return Array.isArray(value) ? inner : [path, ...inner];
}

/** What other systems keep there does nothing to traffic. */
function isOfNoConcern(key: string): boolean {
  return key === 'metadata' || key === 'status';
}

function withUnknown(value: unknown, paths: readonly (readonly string[])[]): unknown {
  const copy = structuredClone(value);
  const step = (at: unknown, key: string) => (at as Record<string, unknown>)[key];
  for (const path of paths) (path.reduce(step, copy) as Record<string, unknown>)[unknown] = 'x';
  return copy;
}

/** The first and the last line of a document among all, `---` between them. */
function linesOf(values: readonly unknown[], i: number): [number, number] {
  const lengths = values.map((one) => stringify(one).split('\n').length);
  const before = lengths.slice(0, i).reduce((sum, one) => sum + one, 0);
  return [before + 1, before + (lengths[i] ?? 0)];
}
