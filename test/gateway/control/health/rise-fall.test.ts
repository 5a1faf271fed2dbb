/** Specifies how check results become health, as a table. */
import test from 'ava';
import {
  afterResult,
  type CheckedHealth,
  unjudged,
} from '../../../../gateway/control/health/rise-fall.ts';

const results = { h: 'healthy', d: 'degraded', u: 'unhealthy' } as const satisfies Record<
  string,
  CheckedHealth
>;

test('the first result decides; after that it takes rise or fall of them in a row', (t) => {
  for (const [sequence, expected] of [
    ['h', 'h'],
    ['u', 'u'],
    ['d', 'd'],
    ['hu', 'hh'],
    ['huu', 'hhu'],
    ['huhu', 'hhhh'],
    ['uh', 'uu'],
    ['uhhh', 'uuuh'],
    ['uhhuhhh', 'uuuuuuh'],
    ['uhhd', 'uuud'],
    ['hd', 'hd'],
    ['dh', 'dh'],
    ['duu', 'ddu'],
  ] as const) {
    let judged = unjudged;
    let seen = '';
    for (const letter of sequence) {
      const result = results[letter as keyof typeof results];
      judged = afterResult(judged, result, { rise: 3, fall: 2 });
      seen += judged.health[0];
    }
    t.is(seen, expected, sequence);
  }
});
