/** Specifies when a worker has too much to do. */
import test from 'ava';
import {
  afterLook,
  calm,
  type OverloadState,
  type Pressure,
} from '../../../gateway/workers/overload.ts';

const limits = { lagMs: 100, heapPercent: 95 };
const easy: Pressure = { lagMs: 5, cpu: 0.3, heapPercent: 40 };
const late: Pressure = { lagMs: 100, cpu: 0.95, heapPercent: 40 };
const full: Pressure = { lagMs: 5, cpu: 0.3, heapPercent: 95 };

const shedding = (why: 'lag' | 'heap'): OverloadState => ({ kind: 'shedding', why });
const recovering = (looks: number): OverloadState => ({ kind: 'recovering', looks });

const table: readonly [string, OverloadState, Pressure, OverloadState][] = [
  ['a worker at ease takes everything', calm, easy, calm],
  ['just under both limits it still does', calm, { ...late, lagMs: 99.9, heapPercent: 94.9 }, calm],
  ['a worker that is late and has a core sheds', calm, late, shedding('lag')],
  [
    'one that is late and has half a core is kept from it by others',
    calm,
    { ...late, cpu: 0.5 },
    calm,
  ],
  ['a heap that is nearly full sheds', calm, full, shedding('heap')],
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
  const worst = { lagMs: 60_000, cpu: 1, heapPercent: 100 };
  t.deepEqual(afterLook(calm, worst, never), calm);
  t.deepEqual(afterLook(recovering(1), worst, never), calm);
});
