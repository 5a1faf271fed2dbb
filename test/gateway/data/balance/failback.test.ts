/** Specifies how load leaves a tier and returns to it. */
import test from 'ava';
import fc from 'fast-check';
import {
  type Governed,
  govern,
  type TargetLoad,
} from '../../../../gateway/data/balance/failback.ts';

const policy = { holdMs: 2000, rampMs: 10_000 };

/** Targets of zone, dc2 and dc3 in order: `[load, room]`, room 100 where it is left out. */
function targets(...loads: (number | [load: number, room: number])[]): TargetLoad[] {
  return loads.map((one, i) => {
    const [load, room] = typeof one === 'number' ? [one, 100] : one;
    return { name: ['zone', 'dc2', 'dc3'][i] ?? '', load, room };
  });
}

const loadsOf = (governed: Governed) => governed.tiers.map((tier) => tier.load);
const kindsOf = (governed: Governed) => governed.tiers.map((tier) => tier.state.kind);

/** Governs along a story of `[time, targets, expected loads]`. */
function story(steps: [at: number, targets: TargetLoad[], loads: number[]][]) {
  return (t: import('ava').ExecutionContext) => {
    let governed: Governed | undefined;
    for (const [at, wanted, loads] of steps) {
      governed = govern(governed, wanted, policy, at);
      t.deepEqual(loadsOf(governed), loads, `at ${at} ms`);
    }
  };
}

test('the first decision of a service is not governed', story([[0, targets(100, 0), [100, 0]]]));

test(
  'load leaves a failing tier at once',
  story([
    [0, targets(100, 0), [100, 0]],
    [10, targets([70, 70], 30), [70, 30]],
    [20, targets([0, 0], 100), [0, 100]],
  ]),
);

test(
  'load returns after the hold, then linearly',
  story([
    [0, targets([0, 0], 100), [0, 100]],
    [1000, targets(100, 0), [0, 100]],
    [2999, targets(100, 0), [0, 100]],
    [3000, targets(100, 0), [0, 100]],
    [4000, targets(100, 0), [10, 90]],
    [8000, targets(100, 0), [50, 50]],
    [12_999, targets(100, 0), [99, 1]],
    [13_000, targets(100, 0), [100, 0]],
  ]),
);

test(
  'a tier that fails again during the hold starts the hold anew',
  story([
    [0, targets([0, 0], 100), [0, 100]],
    [1000, targets(100, 0), [0, 100]],
    [2500, targets([0, 0], 100), [0, 100]],
    [2600, targets(100, 0), [0, 100]],
    [4500, targets(100, 0), [0, 100]],
    [4600, targets(100, 0), [0, 100]],
    [5600, targets(100, 0), [10, 90]],
  ]),
);

test(
  'a tier that fails again during the ramp loses its load at once',
  story([
    [0, targets([0, 0], 100), [0, 100]],
    [0, targets(100, 0), [0, 100]],
    [7000, targets(100, 0), [50, 50]],
    [7100, targets([0, 0], 100), [0, 100]],
    [7200, targets(100, 0), [0, 100]],
  ]),
);

test(
  'the tier that carries fails during the ramp: the better one takes all at once',
  story([
    [0, targets([0, 0], 100, 0), [0, 100, 0]],
    [0, targets(100, 0, 0), [0, 100, 0]],
    [6000, targets(100, 0, 0), [40, 60, 0]],
    [6100, targets(100, [0, 0], 0), [100, 0, 0]],
    [6200, targets(100, 0, 0), [100, 0, 0]],
  ]),
);

test(
  'the tier that carries weakens during the hold: the better one takes what is needed, no more',
  story([
    [0, targets([0, 0], 100), [0, 100]],
    [100, targets(100, 0), [0, 100]],
    [200, targets(100, [0, 40]), [60, 40]],
    [2100, targets(100, [0, 40]), [60, 40]],
    [3100, targets(100, [0, 40]), [70, 30]],
  ]),
);

test(
  'endpoints that return one by one ramp one by one: the share never jumps',
  story([
    [0, targets([0, 0], 100), [0, 100]],
    [0, targets([33, 33], 67), [0, 100]],
    [4000, targets([33, 33], 67), [20, 80]],
    [6000, targets([33, 33], 67), [33, 67]],
    [60_000, targets(100, 0), [33, 67]],
    [62_000, targets(100, 0), [33, 67]],
    [63_000, targets(100, 0), [43, 57]],
  ]),
);

test(
  'a worse tier takes over from one that fails without waiting, even while it was to be relieved',
  story([
    [0, targets([0, 0], [0, 0], 100), [0, 0, 100]],
    [0, targets([0, 0], 100, 0), [0, 0, 100]],
    [5000, targets([0, 0], 100, 0), [0, 30, 70]],
    [5000, targets([0, 0], 100, [0, 0]), [0, 100, 0]],
  ]),
);

test(
  'after nothing could carry load, the first that can takes it at once',
  story([
    [0, targets([0, 0], [0, 0]), [0, 0]],
    [100, targets(100, [0, 0]), [100, 0]],
  ]),
);

test('a tier that is new and better waits like one that recovered', (t) => {
  const alone = govern(undefined, [{ name: 'dc2', load: 100, room: 100 }], policy, 0);
  const joined = govern(alone, targets(100, 0), policy, 10);
  t.deepEqual(loadsOf(joined), [0, 100]);
  t.is(joined.nextAt, 2010);
});

test('the load of a tier that is gone goes to the best able one at once', (t) => {
  const both = govern(undefined, targets(100, 0), policy, 0);
  const rest = govern(
    both,
    [
      { name: 'dc2', load: 100, room: 100 },
      { name: 'dc3', load: 0, room: 100 },
    ],
    policy,
    10,
  );
  t.deepEqual(loadsOf(rest), [100, 0]);
});

test('without hold and ramp, load returns at once', (t) => {
  const free = { holdMs: 0, rampMs: 0 };
  const away = govern(undefined, targets([0, 0], 100), free, 0);
  t.deepEqual(loadsOf(govern(away, targets(100, 0), free, 1)), [100, 0]);
});

test('it says when to look again: at the end of the hold, then step by step, then never', (t) => {
  let governed = govern(undefined, targets([0, 0], 100), policy, 0);
  t.is(governed.nextAt, undefined);
  governed = govern(governed, targets(100, 0), policy, 100);
  t.deepEqual([governed.nextAt, kindsOf(governed)], [2100, ['holding', 'steady']]);
  governed = govern(governed, targets(100, 0), policy, 2100);
  t.deepEqual([governed.nextAt, kindsOf(governed)], [2600, ['ramping', 'steady']]);
  governed = govern(governed, targets(100, 0), policy, 12_100);
  t.deepEqual([governed.nextAt, kindsOf(governed)], [undefined, ['steady', 'steady']]);
});

/** Rooms of three tiers, and the loads that a healthy world would give them: best first. */
const worlds = fc
  .tuple(fc.nat(100), fc.nat(100), fc.nat(100))
  .filter((rooms) => rooms[0] + rooms[1] + rooms[2] >= 100)
  .map((rooms) => {
    let left = 100;
    return targets(
      ...rooms.map((room): [number, number] => {
        const load = Math.min(left, room);
        left -= load;
        return [load, room];
      }),
    );
  });

test('whatever happens: loads sum to 100, nobody carries more than it can, and in quiet the target is reached', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(4000), worlds), { minLength: 1, maxLength: 12 }),
      (steps) => {
        let governed: Governed | undefined;
        let now = 0;
        for (const [pause, wanted] of steps) {
          now += pause;
          governed = govern(governed, wanted, policy, now);
          const loads = loadsOf(governed);
          t.is(
            loads.reduce((sum, load) => sum + load, 0),
            100,
          );
          t.true(loads.every((load, i) => load >= 0 && load <= (wanted[i]?.room ?? 0)));
        }
        const wanted = steps.at(-1)?.[1] ?? [];
        for (let i = 0; governed?.nextAt !== undefined && i < 200; i++) {
          now = governed.nextAt;
          governed = govern(governed, wanted, policy, now);
        }
        t.deepEqual(
          governed?.tiers.map((tier) => tier.load),
          wanted.map((tier) => tier.load),
        );
      },
    ),
  );
  t.pass();
});
