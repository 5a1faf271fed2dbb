/** Specifies scenarios of tiers as they are written, and what is wrong with one and where. */
import test from 'ava';
import { parseScenario } from '../../cli/scenario.ts';
import { IsthmusError } from '../../core/errors.ts';
import { defaultBalance } from '../../policy/traffic-policy.ts';

const parse = (text: string) => parseScenario({ text, name: 'scenario.yaml' });

test('a scenario names tiers; what is not said is as in a configuration', (t) => {
  const { overprovisioningFactor, panicThreshold, failover } = defaultBalance;
  t.deepEqual(parse('tiers: [{ name: near, healthy: 50, total: 100 }]'), {
    tiers: [{ name: 'near', healthy: 50, degraded: 0, total: 100, excluded: 0 }],
    policy: { overprovisioningFactor, panicThreshold, failover },
  });
});

type Refusal = readonly [situation: string, text: string, where: string, what: RegExp];

const tier = (more: string) => `tiers:\n  - { name: near, ${more} }\n`;
const well = tier('healthy: 50, total: 100');

const refusals: readonly Refusal[] = [
  ['no object', 'tiers\n', '1:1', /expected object/],
  ['no tiers', '{}\n', '1:1', /tiers is missing/],
  ['an empty list of tiers', 'tiers: []\n', '1:1', /name at least one tier/],
  ['an unknown key', `${well}colour: red\n`, '3:1', /no key "colour"/],
  [
    'an unknown key in a tier',
    tier('healthy: 1, total: 1, weight: 1'),
    '2:41',
    /no key "weight" in tiers\.0/,
  ],
  [
    'two tiers of one name',
    `${well}  - { name: near, healthy: 1, total: 1 }\n`,
    '3:7',
    /tiers\.1\.name: there are two tiers named "near"/,
  ],
  ['a negative count', tier('healthy: -1, total: 1'), '2:19', /tiers\.0\.healthy/],
  ['half a host', tier('healthy: 0.5, total: 1'), '2:19', /tiers\.0\.healthy/],
  ['more healthy than hosts', tier('healthy: 2, total: 1'), '2:19', /tiers\.0\.healthy: /],
  ['more usable than hosts', tier('healthy: 1, degraded: 1, total: 1'), '2:19', /healthy: /],
  [
    'excluded hosts counted as healthy',
    tier('healthy: 1, total: 1, excluded: 1'),
    '2:19',
    /healthy: /,
  ],
  [
    'more excluded than hosts',
    tier('healthy: 0, total: 1, excluded: 2'),
    '2:41',
    /tiers\.0\.excluded: /,
  ],
  ...['0.9', '10.5', '140', '1000'].map(
    (factor): Refusal => [
      `a factor of ${factor}`,
      `${well}policy: { overprovisioningFactor: ${factor} }\n`,
      '3:11',
      /^policy\.overprovisioningFactor: /,
    ],
  ),
  [
    'a threshold over 100',
    `${well}policy: { panicThreshold: 101 }\n`,
    '3:11',
    /^policy\.panicThreshold: /,
  ],
  [
    'a policy of more than tiers',
    `${well}policy: { algorithm: random }\n`,
    '3:11',
    /no key "algorithm" in policy/,
  ],
];

for (const [situation, text, where, what] of refusals) {
  test(`${situation} is refused at line ${where.replace(':', ', column ')}`, (t) => {
    const error = t.throws(() => parse(text), { instanceOf: IsthmusError, message: what });
    t.is(error?.where, `scenario.yaml:${where}`);
  });
}
