/** Specifies how long a connection rests by what its server says of it. */
import test from 'ava';
import { restHintMs } from '../../../../gateway/data/upstream/rest-hint.ts';

for (const [said, ms] of [
  ['timeout=5', 4500],
  ['timeout=1, max=100', 500],
  ['max=100, timeout=15', 14_500],
  ['Timeout = "2"', 1500],
  ['timeout=0', 0],
  ['max=100', Infinity],
  ['timeout=soon', Infinity],
  ['my-timeout=1', Infinity],
  [undefined, Infinity],
] as const) {
  test(`Keep-Alive: ${said} lets it rest for ${ms} ms`, (t) => {
    t.is(restHintMs(said), ms);
  });
}
