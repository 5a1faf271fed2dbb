/** Specifies how check results become health, as a table. */
import test from 'ava';
import {
  afterResult,
  type CheckedHealth,
  unknownStanding,
} from '../../../gateway/health/rise-fall.ts';

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
    let standing = unknownStanding;
    let seen = '';
    for (const letter of sequence) {
      const result = results[letter as keyof typeof results];
      standing = afterResult(standing, result, { rise: 3, fall: 2 });
      seen += standing.health[0];
    }
    t.is(seen, expected, sequence);
  }
});
