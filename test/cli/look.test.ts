/** Specifies explain, simulate and check: decisions and faults, told so that one can act. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { Finding } from '../../gateway/control/api/answers.ts';
import { tempDir } from '../support/temp-dir.ts';
import { adminAt } from './admin-at.ts';
import { status } from './answers.ts';
import { isthmus } from './in-process.ts';

const explanation = {
  service: 'api.prod',
  caller: { cluster: 'dc1', region: 'us-east', zone: 'us-east-1a' },
  policy: {},
  without: [],
  scale: {},
  tiers: [
    {
      name: 'zone us-east-1a',
      kind: 'zone',
      cluster: 'dc1',
      total: 2,
      healthy: 1,
      degraded: 0,
      excluded: 0,
      healthyLoad: 70,
      degradedLoad: 0,
      panic: false,
      reason: 'half of it is healthy',
    },
    {
      name: 'cluster dc2',
      kind: 'cluster',
      cluster: 'dc2',
      total: 3,
      healthy: 3,
      degraded: 0,
      excluded: 0,
      healthyLoad: 30,
      degradedLoad: 0,
      panic: false,
      reason: 'takes what the tiers before it leave',
    },
  ],
  candidates: [
    {
      cluster: 'dc1',
      region: 'us-east',
      zone: 'us-east-1a',
      endpoint: 'a1',
      address: '10.0.0.5:8080',
      tier: 0,
      tierName: 'zone us-east-1a',
      share: 70,
      rttMs: null,
      health: 'healthy',
      ejected: false,
      link: null,
      stale: false,
      reason: 'healthy',
    },
    {
      cluster: 'dc1',
      region: 'us-east',
      zone: 'us-east-1a',
      endpoint: 'a2',
      address: '10.0.0.6:8080',
      tier: 0,
      tierName: 'zone us-east-1a',
      share: 0,
      rttMs: null,
      health: 'unhealthy',
      ejected: true,
      link: null,
      stale: false,
      reason: 'carries nothing: unhealthy',
    },
    {
      cluster: 'dc2',
      region: 'eu-west',
      zone: 'eu-west-1a',
      tier: 1,
      tierName: 'cluster dc2',
      share: 30,
      rttMs: 81.4,
      health: '3 of 3 healthy',
      ejected: false,
      link: 'up',
      stale: true,
      reason: 'spill',
    },
  ],
  notes: ['dc3 does not export it'],
};

test('explain opens with the verdict and shows every candidate', async (t) => {
  const seen: unknown[] = [];
  const env = await adminAt(t, (app) => {
    app.get('/v1/status', () => status);
    app.get('/v1/explain/:service', ({ params, query }) => {
      seen.push(params, query);
      return explanation;
    });
  });
  const line = 'explain --without dc3 api.prod.acme --without dc4 --from dc1/us-east-1a';
  const { code, stdout } = await isthmus(line.split(' '), { env });
  t.is(
    stdout,
    `api.prod from dc1 / us-east / us-east-1a: 70 % to zone us-east-1a, 30 % to cluster dc2

TIER             LOAD  HEALTHY  DEGRADED  PANIC  WHY
zone us-east-1a  70 %      1/2         0  no     half of it is healthy
cluster dc2      30 %      3/3         0  no     takes what the tiers before it leave

CLUSTER  ZONE        ENDPOINT  TIER             SHARE    RTT  HEALTH                 EJECTED  LINK  WHY
dc1      us-east-1a  a1        zone us-east-1a   70 %      -  healthy                no       -     healthy
dc1      us-east-1a  a2        zone us-east-1a    0 %      -  unhealthy              yes      -     carries nothing: unhealthy
dc2      eu-west-1a  -         cluster dc2       30 %  81 ms  3 of 3 healthy, stale  no       up    spill

note: dc3 does not export it
`,
  );
  t.is(code, 0);
  t.deepEqual(seen, [{ service: 'api.prod' }, { from: 'dc1/us-east-1a', without: 'dc3,dc4' }]);
});

test('explain says when nothing can serve', async (t) => {
  const none = { ...explanation, tiers: [], candidates: [], notes: [] };
  const env = await adminAt(t, (app) => app.get('/v1/explain/api.prod', () => none));
  const { stdout } = await isthmus(['explain', 'api.prod'], { env });
  t.regex(stdout, /: nothing can serve it; requests get a 503\n$/);
});

const scenario = `
tiers:
  - { name: near, healthy: 1, total: 2 }
  - { name: far, healthy: 4, total: 4 }
`;
const loads = {
  tiers: [
    { name: 'near', healthyLoad: 70, degradedLoad: 0, panic: false },
    { name: 'far', healthyLoad: 30, degradedLoad: 0, panic: false },
  ],
};

test('simulate reads a file or standard input, YAML or JSON', async (t) => {
  const path = join(await tempDir(t), 'scenario.yaml');
  await writeFile(path, scenario);
  const json = JSON.stringify({
    tiers: [
      { name: 'near', healthy: 1, total: 2 },
      { name: 'far', healthy: 4, total: 4 },
    ],
  });
  for (const [args, stdin] of [
    [['-f', path], ''],
    [['-f', '-'], scenario],
    [['-f', '-'], json],
  ] as const) {
    const run = await isthmus(['simulate', ...args, '-o', 'json'], { stdin });
    t.deepEqual(JSON.parse(run.stdout), loads);
    t.is(run.code, 0);
  }
  const { stdout } = await isthmus(['simulate', '-f', path]);
  t.regex(stdout, /^TIER +HEALTHY LOAD +DEGRADED LOAD +PANIC\nnear +70 % +0 % +no\n/);
});

test('the factor of a scenario is a ratio, from 1 to 10', async (t) => {
  const run = (factor: number, ...args: readonly string[]) => {
    const stdin = `${scenario}policy: { overprovisioningFactor: ${factor} }\n`;
    return isthmus(['simulate', '-f', '-', ...args], { stdin });
  };
  for (const [factor, load] of [
    [1, 50],
    [10, 100],
  ] as const) {
    const { stdout } = await run(factor, '-o', 'json');
    t.is(JSON.parse(stdout).tiers[0].healthyLoad, load);
  }
  const { code, stderr } = await run(140);
  t.is(code, 65);
  t.regex(stderr, /^error CONFIG_INVALID: policy\.overprovisioningFactor: .* \(stdin:5:11\)/);
});

for (const [what, stdin, says] of [
  ['that is not YAML', 'tiers: [', /^error CONFIG_SYNTAX: .* \(stdin:1:/],
  [
    'with a wrong number',
    'tiers: [{name: a, healthy: -1, total: 2}]',
    /^error CONFIG_INVALID: tiers\.0\.healthy: .* \(stdin:1:19\)/,
  ],
] as const) {
  test(`a scenario ${what} is refused, naming where`, async (t) => {
    const { code, stderr, stdout } = await isthmus(['simulate', '-f', '-'], { stdin });
    t.regex(stderr, says);
    t.is(code, 65);
    t.is(stdout, '');
  });
}

test('a scenario file that is not there is FILE_UNREADABLE', async (t) => {
  const { code, stderr } = await isthmus(['simulate', '-f', '/nonexistent.yaml']);
  t.regex(stderr, /^error FILE_UNREADABLE: .* \(\/nonexistent\.yaml\)/);
  t.is(code, 65);
});

const ok: Finding = { layer: 'config', level: 'ok', code: 'CONFIG_VALID', what: 'Valid' };
const warning: Finding = {
  layer: 'clock',
  level: 'warning',
  code: 'CLOCK_SKEW',
  what: 'dc2 is 2 s ahead',
  where: 'dc2',
  fix: 'Run NTP.',
};
const error: Finding = {
  layer: 'registry',
  level: 'error',
  code: 'REGISTRY_UNAVAILABLE',
  what: 'No answer',
};

for (const [what, findings, code] of [
  ['nothing wrong', [ok], 0],
  ['a warning', [ok, warning], 3],
  ['an error', [warning, error, ok], 1],
] as const) {
  test(`check with ${what} ends with ${code}`, async (t) => {
    const env = await adminAt(t, (app) => app.get('/v1/check', () => ({ findings })));
    t.is((await isthmus(['check'], { env })).code, code);
  });
}

test('check goes layer by layer from the ground up', async (t) => {
  const env = await adminAt(t, (app) =>
    app.get('/v1/check', () => ({ findings: [warning, error, ok] })),
  );
  const { stdout } = await isthmus(['check'], { env });
  t.is(
    stdout,
    `config
  ok     Valid

registry
  error  REGISTRY_UNAVAILABLE: No answer

clock
  warn   CLOCK_SKEW: dc2 is 2 s ahead (dc2)
         fix: Run NTP.

1 ok, 1 warning, 1 error
`,
  );
});

test('check -c checks a file without a gateway', async (t) => {
  const path = join(await tempDir(t), 'gateway.yaml');
  await writeFile(path, 'cluster: dc1\nfederation: acme\nregion: us-east\n');
  const good = await isthmus(['check', '-c', path]);
  t.regex(good.stdout, /ok {5}Valid: cluster dc1 of federation acme/);
  t.is(good.code, 0);
  await writeFile(path, 'cluster: dc1\nfederation: acme\nregoin: us-east\n');
  const bad = await isthmus(['check', '-c', path]);
  t.regex(bad.stdout, /error {2}CONFIG_(UNKNOWN_KEY|INVALID): .*gateway\.yaml:\d+:\d+/);
  t.is(bad.code, 1);
  const etcd = 'registry: { etcd: { endpoints: [https://etcd:2379], ca: missing.pem } }';
  await writeFile(path, `cluster: dc1\nfederation: acme\nregion: us-east\n${etcd}\n`);
  const lacking = await isthmus(['check', '-c', path]);
  t.regex(
    lacking.stdout,
    /error {2}FILE_UNREADABLE: .*missing\.pem.*registry\.etcd \(missing\.pem\)/,
  );
  t.is(lacking.code, 1);
});
