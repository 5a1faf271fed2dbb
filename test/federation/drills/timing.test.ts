/** Specifies how long things took in a drill. */
import test from 'ava';
import {
  detectMs,
  type Point,
  recoverMs,
  returnMs,
  shiftMs,
} from '../../../federation/drills/timing.ts';

/** A point each second, by the share that is to leave. */
function shares(...values: readonly (number | undefined)[]): Point[] {
  return values.map((share, i) => ({ atMs: 1_000 * (i + 1), share, errorRate: 0 }));
}

function errors(...rates: readonly number[]): Point[] {
  return rates.map((errorRate, i) => ({ atMs: 1_000 * (i + 1), errorRate }));
}

const away = { from: 1, to: 0 };

test('detected: a tenth of the way', (t) => {
  t.is(detectMs(shares(1, 0.95, 0.88, 0), away), 3_000);
  t.is(detectMs(shares(1, 1), away), undefined);
  t.is(detectMs(shares(undefined, 0), away), 2_000);
});

test('shifted: nine tenths of the way, and not back again', (t) => {
  t.is(shiftMs(shares(1, 0.5, 0.1, 0), away), 3_000);
  t.is(shiftMs(shares(1, 0, 1, 0), away), 4_000);
  t.is(shiftMs(shares(0, 0), away), 1_000);
  t.is(shiftMs(shares(1, 0.2), away), undefined);
  t.is(shiftMs(shares(0.4, 0.22), { from: 0.4, to: 0.2 }), 2_000);
});

test('back: nine tenths of the way back, and one point alone says nothing', (t) => {
  t.is(returnMs(shares(0, 0.5, 0.9, 1), away), 3_000);
  t.is(returnMs(shares(0, 1, 0.2, 0.95, 0.95), away), 4_000);
  t.is(returnMs(shares(0, undefined, 1, undefined, 1), away), 3_000);
  t.is(returnMs(shares(0, 0.5, 1), away), undefined);
  t.is(returnMs(shares(0.2, 0.39, 0.4), { from: 0.4, to: 0.2 }), 2_000);
});

test('where nothing is to move nothing is detected', (t) => {
  t.is(detectMs(shares(0.5, 0.5), { from: 0.5, to: 0.49 }), undefined);
  t.is(shiftMs(shares(0.5, 0.5), { from: 0.5, to: 0.49 }), undefined);
});

test('recovered: since it was in force, until no more fails and traffic has moved', (t) => {
  t.is(recoverMs(errors(0, 0, 0), 1_000, 0.001, undefined), 0);
  t.is(recoverMs(errors(0.5, 0.5, 0), 1_000, 0.001, undefined), 2_000);
  t.is(recoverMs(errors(0.5, 0, 0), 1_000, 0.001, 3_000), 2_000);
  t.is(recoverMs(errors(0, 0.5), 1_000, 0.001, undefined), undefined);
  t.is(recoverMs(errors(0.001, 0.001), 500, 0.001, undefined), 0);
});
