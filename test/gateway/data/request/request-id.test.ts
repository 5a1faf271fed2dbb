/** Specifies the ids that requests are given: all of them different, and the same in whichever form they are sent. */
import test from 'ava';
import { RequestIds } from '../../../../gateway/data/message/request-id.ts';

test('ten thousand ids are ten thousand random UUIDs, all different', (t) => {
  const ids = new RequestIds();
  const texts = Array.from({ length: 10_000 }, () => ids.next().text);
  t.is(new Set(texts).size, texts.length);
  for (const text of texts)
    t.regex(text, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test('an id is the same as text, as a line and as a field, in any order', (t) => {
  const ids = new RequestIds();
  const some = Array.from({ length: 5_000 }, () => ids.next());
  for (const id of [...some, ...some.toReversed()]) {
    const { name, octets } = id.field;
    t.is(Buffer.from(octets).toString('latin1'), id.text);
    t.is(id.line, `${name}: ${id.text}\r\n`);
  }
});
