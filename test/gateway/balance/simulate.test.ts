/** Specifies simulated scenarios of tiers. */
import test from 'ava';
import { IsthmusError } from '../../../core/errors.ts';
import { simulate } from '../../../gateway/balance/simulate.ts';

const near = { name: 'near', healthy: 50, total: 100 };
const far = { name: 'far', healthy: 100, total: 100 };

test('a scenario of tiers gets the loads the data path would use', (t) => {
  t.deepEqual(simulate({ tiers: [near, far] }), {
    tiers: [
      { name: 'near', healthyLoad: 70, degradedLoad: 0, panic: false },
      { name: 'far', healthyLoad: 30, degradedLoad: 0, panic: false },
    ],
  });
});

test('a factor of 140 is read as Envoy writes it, in percent', (t) => {
  const with140 = simulate({ tiers: [near, far], policy: { overprovisioningFactor: 140 } });
  t.deepEqual(with140, simulate({ tiers: [near, far], policy: { overprovisioningFactor: 1.4 } }));
  const with100 = simulate({ tiers: [near, far], policy: { overprovisioningFactor: 100 } });
  t.is(with100.tiers[0]?.healthyLoad, 50);
});

const refusals: [situation: string, scenario: unknown, where: string | undefined][] = [
  ['no object', 'tiers', undefined],
  ['no tiers', {}, 'tiers'],
  ['an empty list of tiers', { tiers: [] }, 'tiers'],
  ['an unknown key', { tiers: [near], colour: 'red' }, undefined],
  ['an unknown key in a tier', { tiers: [{ ...near, weight: 1 }] }, 'tiers.0'],
  ['two tiers of one name', { tiers: [near, { ...far, name: 'near' }] }, 'tiers.1.name'],
  ['a negative count', { tiers: [{ ...near, healthy: -1 }] }, 'tiers.0.healthy'],
  ['half a host', { tiers: [{ ...near, healthy: 0.5 }] }, 'tiers.0.healthy'],
  ['more healthy than hosts', { tiers: [{ ...near, healthy: 101 }] }, 'tiers.0.healthy'],
  ['more usable than hosts', { tiers: [far, { ...near, degraded: 51 }] }, 'tiers.1.healthy'],
  ['excluded hosts counted as healthy', { tiers: [{ ...far, excluded: 1 }] }, 'tiers.0.healthy'],
  [
    'more excluded than hosts',
    { tiers: [{ ...near, healthy: 0, excluded: 101 }] },
    'tiers.0.excluded',
  ],
  [
    'a factor under 1',
    { tiers: [near], policy: { overprovisioningFactor: 0.9 } },
    'policy.overprovisioningFactor',
  ],
  [
    'a threshold over 100',
    { tiers: [near], policy: { panicThreshold: 101 } },
    'policy.panicThreshold',
  ],
];

for (const [situation, scenario, where] of refusals) {
  test(`${situation} is refused, naming where`, (t) => {
    const error = t.throws(() => simulate(scenario), { instanceOf: IsthmusError });
    t.is(error?.code, 'BODY_INVALID');
    t.is(error?.where, where);
  });
}
