/** Specifies how a drill is described: what each kind takes, what is left out, and what is refused. */
import test from 'ava';
import { msOf } from '../../../core/duration.ts';
import { type DrillSpecInput, drillSpecSchema } from '../../../federation/drills/spec.ts';
import { scopeText } from '../../../federation/drills/words.ts';

/** What is wrong with a spec, as `<path>: <message>`; nothing when it is well. */
function faults(spec: object): string[] {
  const { error } = drillSpecSchema.safeParse(spec);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

const cluster = { cluster: 'dc1' };
const service = { service: 'orders.shop' };
const link = { link: { from: 'dc1', to: 'dc2' } };
const zone = { cluster: 'dc1', zone: 'a' };
const slow = { delay: '1s' };
const fail = { percent: 5 };

test('what is left out has its default, and durations stay as they were written', (t) => {
  t.deepEqual(drillSpecSchema.parse({ kind: 'evacuate', scope: cluster, ramp: '1m' }) as unknown, {
    kind: 'evacuate',
    scope: cluster,
    ramp: '1m',
    duration: '60s',
    guardrails: { errorRate: 0.01, load: 0.9, minHealthy: 1, timeLimit: '5m' },
    objectives: { rto: '5s', errorBudget: 0.001 },
  });
  t.is(msOf('1m'), 60_000);
});

test('each kind takes the scopes that mean something to it', (t) => {
  const faulty = [cluster, service, { ...cluster, ...service }, link, zone];
  const table: readonly [DrillSpecInput['kind'], object, readonly object[]][] = [
    ['evacuate', {}, [cluster, service, { ...cluster, ...service }]],
    ['black-hole', {}, faulty],
    ['slow', { slow }, faulty],
    ['fail', { fail }, faulty],
    ['lose-registry', {}, [{}, cluster]],
    ['expire-trust', {}, [{}, cluster]],
  ];
  const every = [{}, cluster, service, { ...cluster, ...service }, link, zone, { zone: 'a' }];
  for (const [kind, more, takes] of table) {
    for (const scope of [...every, { ...link, ...cluster }]) {
      const wanted = takes.some((one) => JSON.stringify(one) === JSON.stringify(scope));
      const found = faults({ kind, scope, ...more });
      t.is(found.length === 0, wanted, `${kind} ${JSON.stringify(scope)}: ${found.join()}`);
    }
  }
});

test('what means nothing is refused, by its path', (t) => {
  const evacuate = { kind: 'evacuate', scope: cluster };
  const table: readonly (readonly [object, RegExp])[] = [
    [{ kind: 'explode', scope: cluster }, /^kind: /],
    [{ ...evacuate, scope: { cluster: 'DC 1' } }, /^scope\.cluster: /],
    [{ kind: 'slow', scope: cluster }, /^slow: say what slow means/],
    [{ kind: 'fail', scope: cluster }, /^fail: say what fail means/],
    [{ ...evacuate, slow }, /^slow: slow belongs to a drill of that kind/],
    [{ kind: 'fail', scope: cluster, fail: { percent: 0 } }, /^fail\.percent: /],
    [{ kind: 'fail', scope: cluster, fail: { percent: 101 } }, /^fail\.percent: /],
    [{ kind: 'fail', scope: cluster, fail: { percent: 1, status: 200 } }, /^fail\.status: /],
    [{ kind: 'slow', scope: cluster, slow: { delay: 'soon' } }, /^slow\.delay: /],
    [
      { kind: 'black-hole', scope: { link: { from: 'dc1', to: 'dc1' } } },
      /^scope\.link: a link leads from one cluster to another/,
    ],
    [{ ...evacuate, guardrails: { errorRate: 1.1 } }, /^guardrails\.errorRate: /],
    [{ ...evacuate, guardrails: { errorRat: 1 } }, /^guardrails: .*errorRat/],
    [{ ...evacuate, ramp: '0s', duration: '0s' }, /^duration: a drill lasts longer than 0s/],
    [
      { ...evacuate, ramp: '10s', duration: '60s', guardrails: { timeLimit: '79s' } },
      /^guardrails\.timeLimit: the ramp, both ways, and the duration take longer/,
    ],
    [{ ...evacuate, reason: 'x'.repeat(501) }, /^reason: /],
  ];
  for (const [spec, fault] of table) t.regex(faults(spec).join('\n'), fault);
  t.deepEqual(faults({ ...evacuate, ramp: '10s', guardrails: { timeLimit: '80s' } }), []);
});

test('a scope is said in words', (t) => {
  const table = [
    [{}, 'every cluster'],
    [cluster, 'cluster dc1'],
    [service, 'orders.shop'],
    [{ ...cluster, ...service }, 'orders.shop in dc1'],
    [zone, 'zone a of dc1'],
    [link, 'link dc1 to dc2'],
  ] as const;
  for (const [scope, words] of table) t.is(scopeText(scope as never), words);
});
