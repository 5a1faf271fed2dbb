/** Specifies which exports nobody needs. */
import test from 'ava';
import { unusedExports } from '../../checks/exports.ts';

function unused(files: Record<string, string>): string[] {
  return unusedExports(new Map(Object.entries(files))).map(
    ({ file, line, name, isTested }) => `${file}:${line} ${name}${isTested ? ' (tested)' : ''}`,
  );
}

test('what another file imports is needed, by whatever kind of import', (t) => {
  const a = 'export const a = 1, b = 2;\nexport type C = 1;\nexport function d() {}\n';
  t.deepEqual(unused({ 'core/a.ts': a }), [
    'core/a.ts:1 a',
    'core/a.ts:1 b',
    'core/a.ts:2 C',
    'core/a.ts:3 d',
  ]);
  const user =
    "import { a, type C } from '../core/a.ts';\nconst { b: e } = await import('../core/a.ts');";
  t.deepEqual(unused({ 'core/a.ts': a, 'cli/user.ts': user }), ['core/a.ts:3 d']);
  t.deepEqual(unused({ 'core/a.ts': a, 'cli/user.ts': "import * as a from '../core/a.ts';" }), []);
});

test('what is only handed on is needed by nobody', (t) => {
  const files = {
    'core/a.ts': 'export const a = 1;',
    'core/b.ts': "export { a } from './a.ts';",
  };
  t.deepEqual(unused(files), ['core/b.ts:1 a']);
});

test('a value that only tests or benchmarks import is needed by nobody, a type that they name is, and so is what tests share', (t) => {
  const files = {
    'core/a.ts': 'export const a = 1;\nexport interface B {}\nexport const d = 1;',
    'test/a.test.ts': "import { a, type B } from '../core/a.ts'; import { c } from './c.ts';",
    'test/c.ts': 'export const c = 1;',
    'bench/d.ts': "import { d } from '../core/a.ts';",
  };
  t.deepEqual(unused(files), ['core/a.ts:1 a (tested)', 'core/a.ts:3 d (tested)']);
});

test('a value is needed that tests specify and its own file uses, not by itself and not as the name of a part', (t) => {
  const files = (rest: string) => ({
    'core/a.ts': `export function a(n: number) { return n > 0 ? a(n - 1) : 0; }\n${rest}`,
    'test/a.test.ts': "import { a } from '../core/a.ts';",
  });
  const alone = ['core/a.ts:1 a (tested)'];
  t.deepEqual(unused(files('')), alone);
  t.deepEqual(unused(files('console.log(console.a, { a: 1 }); // a(1)')), alone);
  t.deepEqual(unused(files('console.log(a(1));')), []);
  t.deepEqual(unused(files('console.log({ a });')), []);
});
