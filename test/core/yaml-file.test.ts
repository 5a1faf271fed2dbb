/** Specifies complaints about YAML: the code, the place as file:line:column, and the words. */
import test from 'ava';
import { z } from 'zod';
import { type ErrorCode, IsthmusError } from '../../core/errors.ts';
import { parseYaml } from '../../core/yaml-file.ts';

const port = z.int().min(1).max(65_535);
const schema = z.strictObject({
  name: z.string(),
  listen: z.strictObject({ outbound: port, eastWest: port.default(7443) }).optional(),
  services: z
    .array(
      z.strictObject({
        name: z.string(),
        labels: z.record(z.string(), z.string()).default({}),
        check: z
          .union([z.literal('none'), z.strictObject({ path: z.string(), expect: z.array(port) })])
          .optional(),
        statuses: z.array(z.union([port, z.string().regex(/^\d-\d$/, 'write 2-3')])).default([]),
      }),
    )
    .default([]),
});

test('a document is parsed, its defaults filled in, and comments and anchors understood', (t) => {
  const text = `# a gateway
name: gw
services:
  - &cart { name: cart, labels: { team: core } }
  - *cart
`;
  const cart = { name: 'cart', labels: { team: 'core' }, statuses: [] };
  t.deepEqual(parseYaml(schema, text, 'gw.yaml'), { name: 'gw', services: [cart, cart] });
});

interface Fault {
  readonly text: string;
  readonly code: ErrorCode;
  readonly where: string;
  readonly what: RegExp | string;
  readonly fix?: string;
}

const faults: Record<string, Fault> = {
  'an unknown key at the top, near a known one': {
    text: 'name: gw\nlisten:\n  outbound: 80\nservcies: []\n',
    code: 'CONFIG_UNKNOWN_KEY',
    where: '4:1',
    what: 'There is no key "servcies" at the top level',
    fix: 'Did you mean "services"?',
  },
  'an unknown key, near the missing one that it was meant to be': {
    text: 'nmae: gw\n',
    code: 'CONFIG_UNKNOWN_KEY',
    where: '1:1',
    what: 'There is no key "nmae" at the top level',
    fix: 'Did you mean "name"?',
  },
  'an unknown key inside an optional object': {
    text: 'name: gw\nlisten:\n  outbound: 80\n  eastwest: 81\n',
    code: 'CONFIG_UNKNOWN_KEY',
    where: '4:3',
    what: 'There is no key "eastwest" in listen',
    fix: 'Did you mean "eastWest"?',
  },
  'an unknown key inside an object of a list': {
    text: 'name: gw\nservices:\n  - name: cart\n  - name: web\n    lables: {}\n',
    code: 'CONFIG_UNKNOWN_KEY',
    where: '5:5',
    what: 'There is no key "lables" in services.1',
    fix: 'Did you mean "labels"?',
  },
  'an unknown key inside one branch of a union': {
    text: 'name: gw\nservices:\n  - name: cart\n    check: { path: /, expct: [] }\n',
    code: 'CONFIG_UNKNOWN_KEY',
    where: '4:23',
    what: 'There is no key "expct" in services.0.check',
    fix: 'Did you mean "expect"?',
  },
  'an unknown key that is near nothing': {
    text: 'name: gw\nfrobnicate: true\n',
    code: 'CONFIG_UNKNOWN_KEY',
    where: '2:1',
    what: /"frobnicate"/,
    fix: 'Remove or correct the key.',
  },
  'a missing key, at the object that lacks it': {
    text: 'name: gw\nservices:\n  - name: cart\n  - labels: {}\n',
    code: 'CONFIG_INVALID',
    where: '4:5',
    what: 'services.1.name is missing',
  },
  'an empty document': { text: '', code: 'CONFIG_INVALID', where: '1:1', what: 'name is missing' },
  'a document of comments only': {
    text: '# name: gw\n',
    code: 'CONFIG_INVALID',
    where: '1:1',
    what: 'name is missing',
  },
  'a list where an object is due': {
    text: '- name: gw\n',
    code: 'CONFIG_INVALID',
    where: '1:1',
    what: /^The document: .*expected object, received array/,
  },
  'a value of the wrong type, deep in lists': {
    text: 'name: gw\nservices:\n  - name: cart\n    check: { path: /, expect: [200, many] }\n',
    code: 'CONFIG_INVALID',
    where: '4:37',
    what: /^services\.0\.check\.expect\.1: .*expected number, received string/,
  },
  'a value of the wrong type in a map of free keys': {
    text: 'name: gw\nservices:\n  - name: cart\n    labels:\n      team: 7\n',
    code: 'CONFIG_INVALID',
    where: '5:7',
    what: /^services\.0\.labels\.team: .*expected string, received number/,
  },
  'a value of the wrong form for the one branch of a union that takes its type': {
    text: 'name: gw\nservices:\n  - name: cart\n    statuses:\n      - 200\n      - 2xx\n',
    code: 'CONFIG_INVALID',
    where: '6:9',
    what: 'services.0.statuses.1: write 2-3',
  },
  'a value that no branch of a union takes': {
    text: 'name: gw\nservices:\n  - name: cart\n    check: true\n',
    code: 'CONFIG_INVALID',
    where: '4:5',
    what: /^services\.0\.check: /,
  },
  'a number out of range': {
    text: 'name: gw\nlisten:\n  outbound: 70000\n',
    code: 'CONFIG_INVALID',
    where: '3:3',
    what: /^listen\.outbound: Too big/,
  },
  'a key without a value': {
    text: 'name: gw\nservices:\n',
    code: 'CONFIG_INVALID',
    where: '2:1',
    what: /^services: .*expected array, received null/,
  },
  'a fault behind an alias, at the alias': {
    text: 'name: gw\nlisten: &l { outbound: 80 }\nservices:\n  - *l\n',
    code: 'CONFIG_UNKNOWN_KEY',
    where: '4:5',
    what: 'There is no key "outbound" in services.0',
  },
  'a bracket that is never closed': {
    text: 'name: gw\nservices: [\n',
    code: 'CONFIG_SYNTAX',
    where: '3:1',
    what: /Flow sequence/,
  },
  'a tab as indentation': {
    text: 'name: gw\nlisten:\n\toutbound: 80\n',
    code: 'CONFIG_SYNTAX',
    where: '3:1',
    what: /Tabs are not allowed/,
  },
  'a key that is there twice': {
    text: 'name: gw\nlisten:\n  outbound: 80\n  outbound: 81\n',
    code: 'CONFIG_SYNTAX',
    where: '4:3',
    what: /keys must be unique/,
  },
  'an alias of nothing': {
    text: 'name: *who\n',
    code: 'CONFIG_SYNTAX',
    where: '1:7',
    what: 'There is no anchor &who before this alias',
  },
  'a tag that nobody knows': {
    text: 'name: !secret gw\n',
    code: 'CONFIG_SYNTAX',
    where: '1:7',
    what: /Unresolved tag: !secret/,
  },
  'a second document': {
    text: 'name: gw\n---\nname: other\n',
    code: 'CONFIG_SYNTAX',
    where: '2:1',
    what: 'There is more than one document',
  },
};

for (const [situation, { text, code, where, what, fix }] of Object.entries(faults)) {
  test(`${situation} is ${code} at ${where}`, (t) => {
    const error = t.throws(() => parseYaml(schema, text, 'gw.yaml'), {
      instanceOf: IsthmusError,
      message: what,
    }) as IsthmusError;
    t.is(error.code, code);
    t.is(error.where, `gw.yaml:${where}`);
    if (fix !== undefined) t.is(error.fix, fix);
  });
}

test('security: a document whose aliases multiply without end is refused, not expanded', (t) => {
  const laughs = Array.from(
    { length: 30 },
    (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(9)}*a${i}]`,
  );
  const text = `a0: &a0 [ha]\n${laughs.join('\n')}\n`;
  t.throws(() => parseYaml(schema, text, 'gw.yaml'), { code: 'CONFIG_SYNTAX' });
});
