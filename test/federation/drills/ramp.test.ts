/** Specifies how an effect comes and goes. */
import test from 'ava';
import { rampDown, rampUp } from '../../../federation/drills/ramp.ts';

test('it comes in a straight line, and not before it begins', (t) => {
  const table: readonly (readonly [elapsed: number, ramp: number, inForce: number])[] = [
    [-1, 100, 0],
    [0, 100, 0],
    [25, 100, 0.25],
    [100, 100, 1],
    [1_000, 100, 1],
    [0, 0, 1],
    [-1, 0, 0],
  ];
  for (const [elapsed, ramp, inForce] of table)
    t.is(rampUp(elapsed, ramp), inForce, `${elapsed}/${ramp}`);
});

test('it goes at the pace it came, from as far as it was in force', (t) => {
  const table: readonly (readonly [
    elapsed: number,
    ramp: number,
    from: number,
    inForce: number,
  ])[] = [
    [0, 100, 1, 1],
    [25, 100, 1, 0.75],
    [100, 100, 1, 0],
    [25, 100, 0.5, 0.25],
    [50, 100, 0.5, 0],
    [99, 100, 0.5, 0],
    [0, 0, 1, 0],
  ];
  for (const [elapsed, ramp, from, inForce] of table) t.is(rampDown(elapsed, ramp, from), inForce);
});
