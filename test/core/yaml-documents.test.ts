/** Specifies reading several documents of one text: each by itself, and every complaint at its file:line:column. */
import test from 'ava';
import { z } from 'zod';
import type { IsthmusError } from '../../core/errors.ts';
import { readDocuments } from '../../core/yaml-documents.ts';

const schema = z.strictObject({ name: z.string(), port: z.int().max(65_535).optional() });

function told(errors: readonly IsthmusError[]): string[] {
  return errors.map(({ code, message, where, fix }) => {
    const advice = fix.startsWith('Did you mean') ? ` ${fix}` : '';
    return `${where} ${code} ${message}${advice}`;
  });
}

test('documents are told apart by ---, and empty ones are none', (t) => {
  const text = '# first\nname: a\n---\n\n---\n# nothing\n---\n{ "name": "b" }\n...\n---\nname: c\n';
  const { documents, faults } = readDocuments(text, 'a.yaml');
  t.deepEqual(faults, []);
  t.deepEqual(
    documents.map(({ value }) => value),
    [{ name: 'a' }, { name: 'b' }, { name: 'c' }],
  );
  t.deepEqual(
    documents.map((one) => one.place(['name'])),
    ['a.yaml:2:1', 'a.yaml:8:3', 'a.yaml:11:1'],
  );
});

test('a text of nothing has no documents', (t) => {
  t.deepEqual(readDocuments('', 'a.yaml'), { documents: [], faults: [] });
  t.deepEqual(readDocuments('# nothing\n', 'a.yaml'), { documents: [], faults: [] });
});

test('every fault of every document is told, unknown keys first', (t) => {
  const text = 'nmae: a\nport: 70000\n---\nname: 5\nother: 1\nprot: 2\n---\nname: c\n';
  const { documents } = readDocuments(text, 'a.yaml');
  const faults = documents.flatMap((one) => {
    const checked = one.check(schema);
    return checked.ok ? [] : told(checked.faults);
  });
  t.deepEqual(faults, [
    'a.yaml:1:1 CONFIG_UNKNOWN_KEY There is no key "nmae" at the top level Did you mean "name"?',
    'a.yaml:1:1 CONFIG_INVALID name is missing',
    'a.yaml:2:1 CONFIG_INVALID port: Too big: expected number to be <=65535',
    'a.yaml:5:1 CONFIG_UNKNOWN_KEY There is no key "other" at the top level',
    'a.yaml:6:1 CONFIG_UNKNOWN_KEY There is no key "prot" at the top level Did you mean "port"?',
    'a.yaml:4:1 CONFIG_INVALID name: Invalid input: expected string, received number',
  ]);
});

test('a document that is no YAML is told where, and the others are read', (t) => {
  const text = 'name: a\n---\nname: [b\n---\nname: *c\n---\nname: d\n';
  const { documents, faults } = readDocuments(text, 'a.yaml');
  t.deepEqual(
    documents.map(({ value }) => value),
    [{ name: 'a' }, { name: 'd' }],
  );
  t.deepEqual(
    faults.map(({ code, where }) => `${code} ${where}`),
    ['CONFIG_SYNTAX a.yaml:4:1', 'CONFIG_SYNTAX a.yaml:5:7'],
  );
});

test('what stands within a document knows its place in it', (t) => {
  const { documents } = readDocuments('items:\n  - name: a\n  - nmae: b\n', 'a.yaml');
  const second = documents[0]?.within(['items', '1']);
  t.deepEqual(second?.value, { nmae: 'b' });
  const checked = second?.check(schema);
  t.deepEqual(checked?.ok === false && told(checked.faults), [
    'a.yaml:3:5 CONFIG_UNKNOWN_KEY There is no key "nmae" in items.1 Did you mean "name"?',
    'a.yaml:3:5 CONFIG_INVALID items.1.name is missing',
  ]);
});
