/** Specifies the verdict on a fault, and how the matrix is written. */
import test from 'ava';
import { withFigures } from './docs.ts';
import type { Account } from './ledger.ts';
import type { Played } from './play.ts';
import { lineOf, markdown } from './report.ts';
import { type Course, faultsOf } from './verdict.ts';

const none = { onLost: 0, other: 0 };
const well: Account = {
  requests: 100,
  outOfReach: 0,
  failed: { GET: none, POST: none },
  executedThoughFailed: 0,
  twice: { GET: none, POST: none },
  unexecuted: 0,
  longestGapMs: 320,
  examples: [],
};
const healed: Course = { recoveredMs: 2100, outOfRotationMs: undefined, unnamed: [] };
const lost = { onLost: 1, other: 0 };
const other = { onLost: 0, other: 1 };

for (const [title, account, course, faults] of [
  ['nothing fails', {}, {}, []],
  ['what was in flight on what was lost fails', { failed: { GET: lost, POST: lost } }, {}, []],
  [
    'a GET fails elsewhere',
    { failed: { GET: other, POST: none } },
    {},
    ['1 GETs failed that were not in flight on what was lost'],
  ],
  ['a GET on what was lost is done twice', { twice: { GET: lost, POST: none } }, {}, []],
  [
    'a POST is done twice, wherever it was',
    { twice: { GET: none, POST: lost } },
    {},
    ['1 POSTs were executed twice'],
  ],
  [
    'an answer was made up',
    { unexecuted: 2 },
    {},
    ['2 requests were answered, and executed nowhere'],
  ],
  [
    'a datacenter stays in rotation for too long',
    {},
    { outOfRotationMs: 1600 },
    ['out of rotation after 1600 ms'],
  ],
  [
    'somebody would have to do something',
    {},
    { recoveredMs: undefined, lacking: 'dc1/g1 is displaced' },
    ['did not heal by itself: dc1/g1 is displaced'],
  ],
  ['status does not name it', {}, { unnamed: ['status of dc1/g1 ...'] }, ['status of dc1/g1 ...']],
  ['nothing was asked', { requests: 0 }, {}, ['nothing was asked']],
] as const) {
  test(`${title}: ${faults.length === 0 ? 'it passes' : faults.join()}`, (t) => {
    t.deepEqual(faultsOf({ ...well, ...account }, { ...healed, ...course }), faults);
  });
}

const played: Played = {
  ...well,
  ...healed,
  name: 'gateway-killed',
  title: 'one of two gateways killed',
  failed: { GET: lost, POST: { onLost: 3, other: 2 } },
  executedThoughFailed: 1,
  status: ['GATEWAY_LOST'],
  check: [],
  faults: ['2 POSTs failed that were not in flight on what was lost'],
  examples: ['POST 7'],
};

test('a row has what was in flight on what was lost in brackets', (t) => {
  const passes = { ...played, faults: [] };
  const [, , failing, passing] = markdown({ rows: [played, passes] }).split('\n');
  const figures = '100 | 0 (1) | 2 (3), 1 executed | 0 | 0.3 s | - | 2.1 s | `GATEWAY_LOST` | -';
  t.is(failing, `| **one of two gateways killed: fails** | ${figures} |`);
  t.is(passing, `| one of two gateways killed | ${figures} |`);
});

test('a row that fails says why, and what failed', (t) => {
  const line = lineOf(played);
  t.regex(line, /^FAIL {2}gateway-killed: /);
  t.regex(line, /- 2 POSTs failed .*\n +POST 7$/);
});

test('the figures of a run replace those before in the page, and nothing else', (t) => {
  const page = (figures: string) =>
    `before\n<!-- begin of the figures -->\n${figures}\n<!-- end of the figures -->\nafter\n`;
  const matrix = { at: '2026-11-30T04:00:00.000Z', machine: 'two cores', rows: [played] };
  const written = withFigures(page('old'), matrix);
  t.is(written, page(`Of 2026-11-30, on two cores:\n\n${markdown(matrix)}`));
  t.is(withFigures(written, matrix), written);
  t.throws(() => withFigures('no marks', matrix), { message: /marks/ });
});
