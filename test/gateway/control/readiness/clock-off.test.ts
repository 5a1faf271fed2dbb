/** Specifies when a gateway whose clock is off gives way to another of its cluster. */
import test from 'ava';
import { IsthmusError } from '../../../../core/errors.ts';
import { clockObstacleOf } from '../../../../gateway/control/readiness/clock-off.ts';

const hour = 3_600_000;
const off = {
  skew: { aheadMs: 40 * hour, by: ['dc1', 'dc3'] },
  problem: new IsthmusError('CLOCK_SKEW', { what: 'The clock here is 40.0 h ahead' }),
  links: ['down', 'connecting'],
  hasSibling: true,
} as const;

const table = [
  ['by 40 h, and no link is up', {}, 'clock-off'],
  ['as far behind', { skew: { ...off.skew, aheadMs: -40 * hour } }, 'clock-off'],
  ['by no more than certificates bear', { skew: { ...off.skew, aheadMs: hour } }, undefined],
  ['by the word of one other', { skew: { ...off.skew, by: ['dc1'] } }, undefined],
  ['a link is up all the same', { links: ['down', 'up'] }, undefined],
  ['it is the only gateway of its cluster', { hasSibling: false }, undefined],
  ['it was, seconds ago, and no link is up yet', { problem: undefined }, 'clock-off'],
  ['nobody says so', { skew: undefined, problem: undefined }, undefined],
] as const;

for (const [situation, circumstances, state] of table) {
  test(`the clock is off: ${situation}`, (t) => {
    t.is(clockObstacleOf({ ...off, ...circumstances })?.state, state);
  });
}
