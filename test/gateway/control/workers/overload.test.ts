/** Specifies when a worker has too much to do. */
import test from 'ava';
import {
  afterLook,
  calm,
  type OverloadCause,
  type OverloadState,
  type PressureReading,
} from '../../../../gateway/data/worker/overload.ts';

const limits = { lagMs: 100, heapPercent: 95 };
const easy: PressureReading = { lagMs: 5, cpu: 0.3, utilization: 0.3, heapPercent: 40 };
const late: PressureReading = { lagMs: 100, cpu: 0.95, utilization: 1, heapPercent: 40 };
const full: PressureReading = { lagMs: 5, cpu: 0.3, utilization: 0.3, heapPercent: 95 };
/** It would use more of a core if it had it. */
const starved: PressureReading = { lagMs: 500, cpu: 0.4, utilization: 0.99, heapPercent: 40 };

const shedding = (why: OverloadCause): OverloadState => ({ kind: 'shedding', why });
const calmFor = (looks: number): OverloadState => ({ kind: 'calm', starved: looks });
const recovering = (looks: number): OverloadState => ({ kind: 'recovering', looks });

const table: readonly [string, OverloadState, PressureReading, OverloadState][] = [
  ['a worker at ease takes everything', calm, easy, calm],
  ['just under both limits it still does', calm, { ...late, lagMs: 99.9, heapPercent: 94.9 }, calm],
  ['a worker that is late and has a core sheds', calm, late, shedding('lag')],
  [
    'one that is late and has half a core is kept from it by others',
    calm,
    { ...late, cpu: 0.5 },
    calm,
  ],
  ['five times as late it may be by chance', calm, starved, calmFor(1)],
  ['for four seconds too', calmFor(3), starved, calmFor(4)],
  ['for five it is starved, and sheds', calmFor(4), starved, shedding('starved')],
  ['a look between them begins it anew', calmFor(4), { ...starved, lagMs: 499 }, calm],
  [
    'one that rests now and then is not starved',
    calmFor(4),
    { ...starved, utilization: 0.8 },
    calm,
  ],
  [
    'starved once, it is refused until it is half as late',
    shedding('starved'),
    { ...starved, lagMs: 260 },
    recovering(0),
  ],
  ['and then tried again', recovering(1), { ...starved, lagMs: 240 }, calm],
  ['a heap that is nearly full sheds', calm, full, shedding('heap')],
  ['whatever else it is', calmFor(1), { ...starved, heapPercent: 95 }, shedding('heap')],
  ['lag is named first', calm, { ...late, heapPercent: 99 }, shedding('lag')],
  [
    'what is better, and not good, is still refused',
    shedding('lag'),
    { ...late, lagMs: 60 },
    recovering(0),
  ],
  ['the same for a heap', shedding('heap'), { ...full, heapPercent: 91 }, recovering(0)],
  ['one good look is not enough', shedding('lag'), easy, recovering(1)],
  ['a second one is', recovering(1), easy, calm],
  ['a worse one between them begins it anew', recovering(1), { ...late, lagMs: 60 }, recovering(0)],
  ['and another peak, all of it', recovering(1), full, shedding('heap')],
];

for (const [situation, before, pressure, after] of table) {
  test(situation, (t) => t.deepEqual(afterLook(before, pressure, limits), after));
}

test('limits that are off are never passed', (t) => {
  const never = { lagMs: 0, heapPercent: 100 };
  const worst = { lagMs: 60_000, cpu: 1, utilization: 1, heapPercent: 100 };
  t.deepEqual(afterLook(calm, worst, never), calm);
  t.deepEqual(afterLook(recovering(1), worst, never), calm);
});
