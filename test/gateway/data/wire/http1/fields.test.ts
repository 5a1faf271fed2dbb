/** Specifies how fields are found, enumerated, and sent on as the octets they came in. */
import test from 'ava';
import { FieldFilter } from '../../../../../gateway/data/wire/http1/field-filter.ts';
import { fieldLines, joinLines } from '../../../../../gateway/data/wire/http1/field-lines.ts';
import { findFieldId, wellKnownNames } from '../../../../../gateway/data/wire/http1/field-names.ts';
import { RequestParser } from '../../../../../gateway/data/wire/http1/request-parser.ts';
import { octets, readWith, requestHeadOf } from './read.ts';

const lines = [
  'HoSt: a',
  'X-One:1',
  'Accept: \t a \t b\t ',
  'x-empty:',
  'X-Blank:  \t',
  'Connection: x-two',
  'X-Two: 2',
  'X-ONE: \xe4\xff',
  'Via: 1.1 x',
];
const { fields } = requestHeadOf(`GET / HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);

test('every field in order: name in lower case, value without white space around it', (t) => {
  t.is(fields.size, lines.length);
  t.deepEqual(
    fields.list(),
    [
      ['host', 'a'],
      ['x-one', '1'],
      ['accept', 'a \t b'],
      ['x-empty', ''],
      ['x-blank', ''],
      ['connection', 'x-two'],
      ['x-two', '2'],
      ['x-one', '\xe4\xff'],
      ['via', '1.1 x'],
    ].flat(),
  );
});

test('by name: the first, all, none', (t) => {
  t.is(fields.get('host'), 'a');
  t.is(fields.get('x-one'), '1');
  t.deepEqual(fields.all('x-one'), ['1', '\xe4\xff']);
  t.deepEqual(fields.all('via'), ['1.1 x']);
  t.is(fields.get('x-none'), undefined);
  t.is(fields.get('unknown'), undefined);
  t.deepEqual(fields.all('date'), []);
});

test('nothing dropped: the lines are the octets that came in', (t) => {
  t.is<string, string>(fields.without(new FieldFilter(() => false)), `${lines.join('\r\n')}\r\n`);
});

test('dropped by filter and by name, the rest untouched', (t) => {
  const filter = new FieldFilter((name) => ['host', 'connection', 'via'].includes(name));
  const kept = fields.without(filter, ['x-two']);
  t.is<string, string>(kept, `${[1, 2, 3, 4, 7].map((i) => lines[i]).join('\r\n')}\r\n`);
  t.is<string, string>(
    fields.without(new FieldFilter((name) => name.startsWith('x-')), ['host', 'via']),
    `${lines[2]}\r\n${lines[5]}\r\n`,
  );
  t.is<string, string>(fields.without(new FieldFilter(() => true)), '');
});

test('what is sent on reads as what was received, with what was added', (t) => {
  const sent = joinLines(
    fields.without(new FieldFilter((name) => name === 'via')),
    fieldLines(['via', '1.1 x, 1.1 us']),
  );
  const again = requestHeadOf(`GET / HTTP/1.1\r\n${sent}\r\n`).fields.list();
  t.deepEqual(again, [...fields.list().slice(0, -2), 'via', '1.1 x, 1.1 us']);
});

test('every well-known name is recognised in any case, and nothing near it', (t) => {
  const idOf = (name: string) => findFieldId(octets(name), 0, name.length);
  for (const [id, name] of wellKnownNames.entries()) {
    if (id === 0) continue;
    t.is(idOf(name), id);
    t.is(idOf(name.toUpperCase()), id);
    for (const near of [`${name}x`, `x${name}`, name.slice(0, -1) || 'x', name.replace(/./, '~')]) {
      t.not(idOf(near), id, near);
    }
    // Setting bit 5 of these makes no letter, digit or hyphen.
    for (const odd of '^_') t.not(idOf(name.slice(0, -1) + odd), id);
  }
  t.is(idOf('unknown'), 0);
});

test('fields stay readable when the buffer they came in is overwritten', (t) => {
  const input = octets('GET /a HTTP/1.1\r\nHost: a\r\nX: 1\r\n\r\n');
  const head = new RequestParser().step(input, 0, input.length);
  input.fill(0);
  t.deepEqual(head.kind === 'head' && head.fields.list(), ['host', 'a', 'x', '1']);
  t.is(
    readWith(new RequestParser(), [octets('GET /'), octets('a HTTP/1.1\r\nHost: a\r\n\r\n')]).last,
    'more',
  );
});
