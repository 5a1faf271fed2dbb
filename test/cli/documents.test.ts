/** Specifies documents of policies: which files are read, what is recognised, and all that is said of those that are wrong. */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { z } from 'zod';
import { Cli } from '../../cli/cli.ts';
import { readFiles } from '../../cli/documents/files.ts';
import { pathOf } from '../../cli/documents/gateway.ts';
import { policyKindNames } from '../../policy/kind-names.ts';
import { type PolicyKind, policyKinds } from '../../policy/kinds.ts';
import { documentsIn, textOf } from '../../policy/read-documents.ts';
import { tempDir } from '../support/temp-dir.ts';

const head = 'apiVersion: isthmus/v1\nkind: ServiceExport\n';

function read(text: string, kinds: Readonly<Record<string, PolicyKind>> = policyKinds) {
  return documentsIn([{ text, name: 'a.yaml' }], kinds);
}

function faultsOf(...given: Parameters<typeof read>): string[] {
  return read(...given).faults.map(({ message, where, fix }) => {
    const advice = /^(Did you|Use |Say )/.test(fix) ? ` ${fix}` : '';
    return `${where} ${message}${advice}`;
  });
}

test('a document has a kind, a name and a namespace, default if it names none; what it says is as it is written', (t) => {
  const text = `${head}metadata: { name: web, namespace: shop }\nspec: { exported: false }\n---\n${head}metadata: { name: web }\nspec: {}\n`;
  const { documents, faults } = read(text);
  t.deepEqual(faults, []);
  t.like(documents[0], {
    kind: 'ServiceExport',
    namespace: 'shop',
    name: 'web',
    spec: { exported: false },
  });
  t.like(documents[1], { namespace: 'default', spec: {} });
  t.is(documents[0]?.place(), 'a.yaml:1:1');
  t.is(documents[0]?.place(['exported']), 'a.yaml:4:9');
  t.is(documentsIn([{ text, name: 'a' }], policyKinds, 'prod').documents[1]?.namespace, 'prod');
});

test('a document of the federation stands beside the own one of the same name', (t) => {
  const text = `${head}metadata: { name: web }\nspec: {}\n---\n${head}metadata: { name: web, scope: federation }\nspec: {}\n`;
  const { documents, faults } = read(text);
  t.deepEqual(faults, []);
  t.deepEqual(documents.map(textOf), [
    'service-export default/web',
    'service-export default/web of the federation',
  ]);
  t.deepEqual(documents.map(pathOf), [
    '/v1/service-exports/default/web',
    '/v1/federation/service-exports/default/web',
  ]);
  t.deepEqual(faultsOf(text.replace('scope: federation', 'scope: cluster')), [
    'a.yaml:6:1 service-export default/web stands in a.yaml:1:1 already Say it once, or give one of them another name.',
  ]);
});

test('one file of JSON has several as a List', (t) => {
  const one = (name: string) => ({
    apiVersion: 'isthmus/v1',
    kind: 'ServiceExport',
    metadata: { name },
    spec: {},
  });
  const list = {
    apiVersion: 'v1',
    kind: 'List',
    items: [one('a'), one('b'), { kind: 'ServiceExport' }],
  };
  const { documents, faults } = read(JSON.stringify(list, null, 1));
  t.deepEqual(
    documents.map(({ name }) => name),
    ['a', 'b'],
  );
  t.is(documents[1]?.place(), 'a.yaml:13:3');
  t.deepEqual(
    faults.map(({ message }) => message),
    ['items.2.apiVersion is missing'],
  );
});

for (const [situation, text, faults] of [
  ['no apiVersion', 'kind: ServiceExport\n', ['a.yaml:1:1 apiVersion is missing']],
  [
    'no object',
    '- a\n',
    ['a.yaml:1:1 The document: Invalid input: expected object, received array'],
  ],
  [
    'another apiVersion',
    'apiVersion: isthmus/v2\nkind: ServiceExport\n',
    [
      'a.yaml:1:1 There is no apiVersion "isthmus/v2" of a document Did you mean isthmus/v1? Use isthmus/v1 or gateway.networking.k8s.io/v1.',
    ],
  ],
  [
    'a kind near another',
    'apiVersion: isthmus/v1\nkind: TraficPolicy\n',
    [
      `a.yaml:2:1 There is no kind "TraficPolicy" of document Did you mean TrafficPolicy? Use one of ${policyKindNames.join(', ')}.`,
    ],
  ],
  [
    'a key of Object.prototype for a kind',
    'apiVersion: isthmus/v1\nkind: constructor\n',
    [
      `a.yaml:2:1 There is no kind "constructor" of document Use one of ${policyKindNames.join(', ')}.`,
    ],
  ],
  [
    'labels',
    `${head}metadata: { name: web, labels: { a: b } }\nspec: {}\n`,
    ['a.yaml:3:24 There is no key "labels" in metadata'],
  ],
  [
    'a scope that there is not',
    `${head}metadata: { name: web, scope: all }\nspec: {}\n`,
    ['a.yaml:3:24 metadata.scope: Invalid option: expected one of "cluster"|"federation"'],
  ],
  [
    'a name that is none, and an unknown field',
    `${head}metadata: { name: We_b }\nspec:\n  exportd: true\n`,
    [
      'a.yaml:5:3 There is no key "exportd" in spec Did you mean "exported"?',
      'a.yaml:3:13 metadata.name: use lower-case letters, digits and inner hyphens, at most 63 characters',
    ],
  ],
  [
    'the same twice',
    `${head}metadata: { name: web, namespace: default }\nspec: {}\n---\n${head}metadata: { name: web }\nspec: {}\n`,
    [
      'a.yaml:6:1 service-export default/web stands in a.yaml:1:1 already Say it once, or give one of them another name.',
    ],
  ],
] as const) {
  test(`${situation}: refused at its place`, (t) => {
    t.deepEqual(faultsOf(text), [...faults]);
  });
}

test('a fault in one document keeps the others from nothing but being applied: all are told', (t) => {
  t.is(faultsOf(`${head}\n---\n${head}metadata: {}\nspec: { exported: 1 }\n`).length, 4);
});

/** A kind that takes another system's documents; it can't do one thing that they may ask for. */
const gate: PolicyKind = {
  summary: 'A gate',
  naming: 'Its name',
  spec: z.strictObject({ open: z.boolean() }),
  inForce: () => {
    throw new Error('nothing of it comes in force here');
  },
  manifests: [
    {
      apiVersion: 'gates.example/v1',
      kind: 'HTTPGate',
      spec: z.strictObject({ state: z.string(), colors: z.array(z.string()).default([]) }),
      translate: ({ spec }) => {
        const { state, colors } = spec as { state: string; colors: string[] };
        return {
          spec: { open: state === 'open' ? true : state === 'shut' ? false : state },
          unhonoured: colors.map((_, i) => ({
            path: ['spec', 'colors', String(i)],
            why: 'a gate has no color here',
          })),
        };
      },
    },
  ],
};
const kinds = { ...policyKinds, Gate: gate } as Readonly<Record<string, PolicyKind>>;
const foreign = (spec: string) =>
  `apiVersion: gates.example/v1\nkind: HTTPGate\nmetadata:\n  name: main\n  labels: { a: b }\nspec:\n${spec}`;

test("another system's document becomes one of the kind that takes it, and what is not honoured is told at its place", (t) => {
  const { documents, faults } = read(foreign('  state: open\n  colors: [red, blue]\n'), kinds);
  t.deepEqual(faults, []);
  t.like(documents[0], { kind: 'Gate', namespace: 'default', name: 'main', spec: { open: true } });
  t.deepEqual(documents[0]?.unhonoured, [
    'a.yaml:8:12: spec.colors.0 is not honoured: a gate has no color here',
    'a.yaml:8:17: spec.colors.1 is not honoured: a gate has no color here',
  ]);
});

test("faults in another system's document are told by its own schema, at its places", (t) => {
  t.deepEqual(faultsOf(foreign('  stat: open\n'), kinds), [
    'a.yaml:7:3 There is no key "stat" in spec Did you mean "state"?',
    'a.yaml:6:1 spec.state is missing',
  ]);
  t.deepEqual(faultsOf(foreign('  state: ajar\n'), kinds), [
    "a.yaml:6:1 HTTPGate default/main can't be had as it is: as Gate, open: Invalid input: expected boolean, received string",
  ]);
  t.deepEqual(faultsOf(foreign('').replace('HTTPGate', 'HTPGate'), kinds), [
    'a.yaml:2:1 There is no kind "HTPGate" of document Did you mean HTTPGate? Use one of HTTPGate.',
  ]);
});

test('the examples are documents, of every kind', async (t) => {
  const cli = new Cli(process, () => ({ output: 'table' }));
  const texts = await readFiles(cli, ['examples/policies'], true);
  const { documents, faults } = documentsIn(texts, policyKinds);
  t.deepEqual(faults, []);
  const kinds = new Set<string>(documents.map(({ kind }) => kind));
  t.deepEqual([...kinds].sort(), [...policyKindNames].sort());
});

test('folders are read in order of name, links to files with them, folders within them with -R only; a file once', async (t) => {
  const dir = await tempDir(t);
  await mkdir(join(dir, 'b'));
  await mkdir(join(dir, '..data'), { recursive: true });
  for (const name of ['c.yaml', 'a.yml', 'b/d.json', 'b/e.txt', 'README.md', '.hidden']) {
    await writeFile(join(dir, name), name);
  }
  await symlink('c.yaml', join(dir, 'aa.yaml'));
  await symlink('b', join(dir, 'ab.yaml'));
  const cli = new Cli(process, () => ({ output: 'table' }));
  const names = async (...given: [readonly string[], boolean]) =>
    (await readFiles(cli, ...given)).map(({ name }) => name.slice(dir.length + 1));
  t.deepEqual(await names([dir], false), ['a.yml', 'aa.yaml', 'c.yaml']);
  t.deepEqual(await names([dir], true), ['a.yml', 'aa.yaml', 'b/d.json', 'c.yaml']);
  t.deepEqual(await names([join(dir, 'c.yaml'), dir], false), ['c.yaml', 'a.yml', 'aa.yaml']);
  await t.throwsAsync(names([join(dir, 'nowhere')], false), { code: 'FILE_UNREADABLE' });
});
