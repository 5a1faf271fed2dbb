/** Specifies trace context: read, written, begun. */
import test from 'ava';
import { newSpanId, newTraceId } from '../../../../gateway/data/observe/ids.ts';
import {
  formatTraceParent,
  parseTraceParent,
} from '../../../../gateway/data/observe/trace-context.ts';
import { UnrecordedTraces } from '../../../../gateway/data/observe/unrecorded.ts';

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

test('traces that nobody records have ids of their own, and say that they are not recorded', (t) => {
  const unrecorded = new UnrecordedTraces(Math.random);
  const lines = Array.from({ length: 10_000 }, () => unrecorded.line());
  const said = lines.map((line) =>
    parseTraceParent(/^traceparent: (.*)\r\n$/.exec(line)?.[1] ?? ''),
  );
  t.true(said.every((context) => context?.isSampled === false));
  t.is(new Set(said.map((context) => context?.traceId)).size, lines.length);
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
