/** Specifies from how many others' clocks it follows that it is this gateway's that is off, and by how much. */
import test from 'ava';
import { parseClusterName } from '../../../../core/names.ts';
import { skewOf } from '../../../../gateway/control/others/clock-skew.ts';

const minute = 60_000;

/** Clocks by cluster: how many seconds each is ahead of ours. */
function readings(clocks: Readonly<Record<string, readonly number[]>>, errorMs = 0) {
  return Object.entries(clocks).flatMap(([name, offsets]) =>
    offsets.map((seconds, i) => ({
      ...{ cluster: parseClusterName(name), gateway: `g${i}`, errorMs },
      offsetMs: seconds * 1000,
    })),
  );
}

for (const [what, clocks, expected] of [
  ['nobody answers', {}, undefined],
  ['the only other one is in step', { dc2: [3] }, undefined],
  ['the only other one is apart: one of both is off', { dc2: [600] }, [-600, 'dc2']],
  ['the only other one is behind', { dc2: [-144_000] }, [144_000, 'dc2']],
  ['one of two is apart', { dc2: [600], dc3: [0] }, undefined],
  ['both of two are', { dc2: [600], dc3: [610] }, [-600, 'dc2 dc3']],
  ['they are apart to different sides', { dc2: [600], dc3: [-600] }, undefined],
  ['two of three', { dc2: [600], dc3: [620], dc4: [1] }, [-600, 'dc2 dc3']],
  ['just less than a minute', { dc2: [59.9] }, undefined],
  ['a minute', { dc2: [60] }, [-60, 'dc2']],
  ['one gateway of three of the only other cluster', { dc2: [600, 0, 0] }, undefined],
  ['two gateways of three', { dc2: [600, 600, 0] }, [-600, 'dc2']],
] as const) {
  test(`${what}: ${expected ? `ours is ${expected[0]} s ahead` : 'ours may be right'}`, (t) => {
    const skew = skewOf(readings(clocks), minute);
    t.deepEqual(skew && [skew.aheadMs / 1000, skew.by.join(' ')], expected && [...expected]);
  });
}

test('what a slow answer leaves open counts for the clock', (t) => {
  t.is(skewOf(readings({ dc2: [61] }, 2_000), minute), undefined);
  t.truthy(skewOf(readings({ dc2: [61] }, 500), minute));
});
