/** Specifies what a worker does before it listens: it runs its own code, leaves nothing behind, and serves also where it can't. */

import { get } from 'node:http';
import test, { type ExecutionContext } from 'ava';
import { type LeafIdentity, openAuthority } from '../../../../certs/authority.ts';
import { parseSpiffeId, parseTrustDomain } from '../../../../certs/spiffe-id.ts';
import { type Clock, systemClock } from '../../../../core/clock.ts';
import { createLog } from '../../../../core/log.ts';
import { parseClusterName, parseFederationName } from '../../../../core/names.ts';
import { WorkerThread } from '../../../../gateway/control/workers/thread.ts';
import { breakerMemory } from '../../../../gateway/data/balance/breaker-table.ts';
import { defaultLimits } from '../../../../gateway/data/request/limit.ts';
import { BucketTable } from '../../../../gateway/data/request/rate-limit/bucket-table.ts';
import type { WorkerOptions } from '../../../../gateway/data/worker/protocol.ts';
import { warmUp } from '../../../../gateway/data/worker/warm-up.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { until } from '../../../support/until.ts';

const cluster = parseClusterName('dc1');
const usual: WorkerOptions = {
  index: 0,
  cluster,
  gatewayId: 'gateway-1',
  federation: parseFederationName('acme'),
  caller: { cluster, region: 'eu', zone: 'a' },
  limits: defaultLimits,
  overload: { lagMs: 100, heapPercent: 95 },
  warmUpMs: 300,
  exposeDecision: true,
  proxies: { addresses: [], fields: 'x-forwarded' },
  outboundProxyProtocol: false,
  eastWestProxyProtocol: false,
  observes: { traced: undefined, logged: 0 },
  sampledPerMinute: 0,
  principalsPerService: 0,
  edge: { tcp: [], ingress: [] },
};

/** Time limits are ten times as long: a machine that is busy with other tests is no reason to give up. */
const patient: Clock = {
  ...systemClock,
  after: (ms, run) => systemClock.after(10 * ms, run),
};

async function identityOf(t: ExecutionContext): Promise<LeafIdentity> {
  const trustDomain = parseTrustDomain('dc1.acme');
  const dir = await tempDir(t);
  const authority = await openAuthority({ dir, trustDomain, clock: systemClock });
  const id = parseSpiffeId('spiffe://dc1.acme/gateway/gateway-1');
  return authority.issueLeaf({ id, dnsNames: [] });
}

/** With nobody to vouch for it, so that no link is made. */
const withoutRoot = (identity: LeafIdentity) => ({ ...identity, chainPem: identity.certPem });

/** Resolves to what the log says, each line but for its time. */
async function warmed(worker: WorkerOptions, identity: LeafIdentity) {
  const lines: { readonly level: string; readonly msg: string; readonly rounds?: number }[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const log = createLog({ level: 'trace', destination });
  await warmUp({ worker, identity, clock: patient, log });
  return lines;
}

test.serial('requests are made up and answered in rounds, of which nothing is said', async (t) => {
  const [line, ...others] = await warmed(usual, await identityOf(t));
  t.like(line, { level: 'debug', msg: 'warmed up' });
  t.true((line?.rounds ?? 0) > 0);
  t.deepEqual(others, []);
});

test.serial('what a worker is configured to refuse or to ask for is no obstacle', async (t) => {
  const worker: WorkerOptions = {
    ...usual,
    limits: { ...defaultLimits, maxBodyBytes: 1, maxConnections: 1, headMs: 1 },
    proxies: { addresses: ['127.0.0.0/8'], fields: 'forwarded' },
    outboundProxyProtocol: true,
    eastWestProxyProtocol: true,
    observes: { traced: 1, logged: 1 },
    exposeDecision: false,
  };
  const lines = await warmed(worker, await identityOf(t));
  t.deepEqual(
    lines.map(({ msg }) => msg),
    ['warmed up'],
  );
});

test.serial('no socket stays of it', async (t) => {
  await warmed(usual, await identityOf(t));
  await until('all sockets to be closed', () =>
    process.getActiveResourcesInfo().every((resource) => !/TCP|TLS/.test(resource)),
  );
  t.pass();
});

test.serial('without a budget nothing is made up', async (t) => {
  t.deepEqual(await warmed({ ...usual, warmUpMs: 0 }, await identityOf(t)), []);
});

test.serial(
  'where it fails the log says why, and that the first requests take longer',
  async (t) => {
    const [line, ...others] = await warmed(usual, withoutRoot(await identityOf(t)));
    t.like(line, { level: 'warn', msg: 'not warmed up: the first requests take longer' });
    t.regex(JSON.stringify(line), /"message":"[^"]+"/);
    t.deepEqual(others, []);
  },
);

for (const [which, of] of [
  ['is warm', (identity: LeafIdentity) => identity],
  ['could not be warmed up', withoutRoot],
] as const) {
  test.serial(
    `a worker that ${which} listens, answers, and has counted nothing before`,
    async (t) => {
      const identity = await identityOf(t);
      const unexpected = (what: unknown) => t.fail(JSON.stringify(what));
      const thread = new WorkerThread({
        start: {
          worker: usual,
          identity: of(identity),
          logLevel: 'silent',
          credentials: [],
          buckets: new BucketTable().memory,
          breakers: breakerMemory(1),
        },
        heapMb: 512,
        onLink: unexpected,
        onAlive: unexpected,
        onObserved: unexpected,
        onUsed: unexpected,
        onEjected: unexpected,
        onEnd: (error) => t.is(error, undefined),
      });
      const at = { kind: 'address', address: '127.0.0.1:0', shared: false } as const;
      const { outbound } = await thread.ask('listen', { at: { outbound: at, eastWest: at } });
      t.is(thread.counters.gauges?.get('inFlight'), 0);
      t.deepEqual(thread.counters.series, []);
      t.is((await thread.ask('balancers', {})).size, 0);
      t.deepEqual(await thread.ask('links', {}), []);
      const headers = { host: 'own.made-up.acme' };
      const status = await new Promise((resolve, reject) => {
        const call = get(`http://${outbound.address}/`, { headers, agent: false }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        });
        call.on('error', reject);
      });
      t.is(status, 503, 'it does not know yet what there is');
      await thread.ask('close', {});
      await thread.terminate();
    },
  );
}
