import test from 'ava';
import { newSpanId, newTraceId } from '../../../gateway/trace/ids.ts';
import { isSampled } from '../../../gateway/trace/sampler.ts';
import { formatTraceParent, parseTraceParent } from '../../../gateway/trace/trace-context.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

test('a traceparent says which trace, who sent it, and whether it is sampled', (t) => {
  t.deepEqual(parseTraceParent(`00-${traceId}-${spanId}-01`), { traceId, spanId, isSampled: true });
  t.false(parseTraceParent(`00-${traceId}-${spanId}-00`)?.isSampled);
  t.true(parseTraceParent(`00-${traceId}-${spanId}-03`)?.isSampled, 'only the last bit counts');
});

test('a traceparent of a later version is read by what it begins with', (t) => {
  t.deepEqual(parseTraceParent(`cc-${traceId}-${spanId}-01-what-comes`), {
    traceId,
    spanId,
    isSampled: true,
  });
});

for (const [what, value] of [
  ['nothing', ''],
  ['version ff', `ff-${traceId}-${spanId}-01`],
  ['version 00 with more behind it', `00-${traceId}-${spanId}-01-more`],
  ['upper case', `00-${traceId.toUpperCase()}-${spanId}-01`],
  ['a trace id of zeros', `00-${'0'.repeat(32)}-${spanId}-01`],
  ['a span id of zeros', `00-${traceId}-${'0'.repeat(16)}-01`],
  ['a trace id that is short', `00-${traceId.slice(1)}-${spanId}-01`],
  ['flags that are no hexadecimal', `00-${traceId}-${spanId}-0x`],
  ['two values in one field', `00-${traceId}-${spanId}-01, 00-${traceId}-${spanId}-01`],
] as const) {
  test(`a traceparent is not believed: ${what}`, (t) => {
    t.is(parseTraceParent(value), undefined);
  });
}

test('what is written is what is read', (t) => {
  for (const sampled of [true, false]) {
    const context = { traceId, spanId, isSampled: sampled };
    t.deepEqual(parseTraceParent(formatTraceParent(context)), context);
  }
});

test('a trace that came with a decision keeps it, whatever the ratio', (t) => {
  t.true(isSampled({ traceId, spanId, isSampled: true }, traceId, 0));
  t.false(isSampled({ traceId, spanId, isSampled: false }, traceId, 1));
});

test('a trace that begins here is sampled by its id: all, none, or as large a share as asked for', (t) => {
  const ids = Array.from({ length: 20_000 }, () => newTraceId(Math.random));
  t.true(ids.every((id) => isSampled(undefined, id, 1)));
  t.false(ids.some((id) => isSampled(undefined, id, 0)));
  const share = ids.filter((id) => isSampled(undefined, id, 0.1)).length / ids.length;
  t.true(share > 0.08 && share < 0.12, `${share}`);
});

test('ids have their length in hexadecimal and are never all zero', (t) => {
  const numbers = [0, 0, 0, 0, 0.5, 0, 0, 0];
  t.is(
    newTraceId(() => numbers.shift() ?? 0),
    `80000000${'0'.repeat(24)}`,
  );
  const more = [0, 0, 0, 0.999999999];
  t.is(
    newSpanId(() => more.shift() ?? 0),
    '00000000ffffffff'.replace('ffffffff', 'fffffffb'),
  );
});
