/** Specifies what is said of the members of an etcd. */
import test from 'ava';
import { IsthmusError } from '../../../../core/errors.ts';
import { endpointFindings } from '../../../../gateway/control/check/endpoints.ts';
import type { EndpointState } from '../../../../registry/etcd-members.ts';

const well = {
  kind: 'answers',
  endpoint: 'https://a:2379',
  member: 'a',
  role: 'leader',
  hasLeader: true,
  cluster: '1',
  version: '3.6.1',
  revision: 5_000,
  sizeBytes: 1,
  inUseBytes: 1,
  latencyMs: 1,
  alarms: [],
} as const;
const follower = { ...well, endpoint: 'https://b:2379', member: 'b', role: 'follower' } as const;
const silent = {
  kind: 'unavailable',
  endpoint: 'https://c:2379',
  problem: new IsthmusError('REGISTRY_UNAVAILABLE', { what: 'refused' }),
} as const;

const cases: readonly (readonly [
  situation: string,
  states: readonly EndpointState[],
  findings: readonly string[],
])[] = [
  ['all are well', [well, follower], []],
  ['nothing is asked', [], []],
  ['one of three is silent', [well, follower, silent], ['warning REGISTRY_UNAVAILABLE c']],
  ['none answers', [silent], ['error REGISTRY_UNAVAILABLE c']],
  ['one has no leader', [{ ...follower, hasLeader: false }], ['error REGISTRY_LEADERLESS b']],
  ['one is full', [well, { ...follower, alarms: ['NOSPACE'] }], ['error REGISTRY_FULL b']],
  ['one is corrupt', [well, { ...follower, alarms: ['CORRUPT'] }], ['error REGISTRY_CORRUPT b']],
  ['one is a little behind', [well, { ...follower, revision: 4_000 }], []],
  ['one is far behind', [well, { ...follower, revision: 3_999 }], ['warning REGISTRY_BEHIND b']],
  ['they are of two etcds', [well, { ...follower, cluster: '2' }], ['error REGISTRY_SPLIT -']],
];

for (const [situation, states, findings] of cases) {
  test(`${situation}: ${findings.join(', ') || 'nothing is wrong'}`, (t) => {
    const said = endpointFindings(states).map(
      ({ level, code, where = '-' }) => `${level} ${code} ${where.replace(/^.*\/(\w):.*$/, '$1')}`,
    );
    t.deepEqual(said, findings);
  });
}
