/** Specifies hosts as a configuration names them, and looking things up by them. */
import test from 'ava';
import { HostTable, isHostPattern } from '../../../../gateway/data/request/route/host-pattern.ts';

const patterns: Record<string, boolean> = {
  'www.example.com': true,
  localhost: true,
  '*.example.com': true,
  'my_db-1.example': true,
  '*.com': false,
  '*': false,
  '*.': false,
  'www.*.com': false,
  'w*.example.com': false,
  'WWW.example.com': false,
  '-a.example': false,
  'a..example': false,
  'example.com.': false,
  '': false,
  'a.example:443': false,
  [`${'a'.repeat(64)}.example`]: false,
};

for (const [text, is] of Object.entries(patterns)) {
  test(`${JSON.stringify(text.slice(0, 40))} is ${is ? 'a' : 'no'} host`, (t) => {
    t.is(isHostPattern(text), is);
  });
}

test('the exact name wins over a wildcard', (t) => {
  const table = new HostTable<string>();
  table.add('*.example.com', 'any');
  table.add('www.example.com', 'www');
  t.is(table.find('www.example.com'), 'www');
  t.is(table.find('api.example.com'), 'any');
});

test('a wildcard stands for one label, not for none and not for two', (t) => {
  const table = new HostTable<string>();
  table.add('*.example.com', 'any');
  t.is(table.find('example.com'), undefined);
  t.is(table.find('.example.com'), undefined);
  t.is(table.find('a.b.example.com'), undefined);
});

test('what was there first stays', (t) => {
  const table = new HostTable<string>();
  table.add('a.example', 'first');
  table.add('a.example', 'second');
  t.is(table.find('a.example'), 'first');
});
