/** Owns Isthmus in each shape that is compared: real gateways, with their defaults but for the worker, joined by a real token. */
import { join } from 'node:path';
import { until } from '../../test/support/until.ts';
import { type BenchGateway, federation, gateway, joinTo } from '../cluster.ts';
import { lastLines } from './child.ts';
import { pinProxy } from './cores.ts';
import { credentials } from './credentials.ts';
import { writePolicies } from './policies.ts';
import { asksOverTls, type Expected, expectAnswer, http1, http2 } from './probe.ts';
import { type Ground, paths, type Running } from './running.ts';

/** One gateway before the upstream. */
export async function isthmusHop({ upstream }: Ground): Promise<Running> {
  const one = await founder({ services: [service(upstream.http)] });
  return running([one], one.outbound, http1(one.outbound));
}

/** The same, with policies that no request for the upstream is about. */
export async function isthmusWithPolicies({ upstream }: Ground): Promise<Running> {
  const web = service(upstream.http);
  const { check: _, ...unchecked } = web;
  const one = await founder({ services: [web, { ...unchecked, name: 'private' }] });
  const ready = await running([one], one.outbound, http1(one.outbound));
  await isReady(one);
  await writePolicies(one.admin, one.outbound);
  return ready;
}

/** Two gateways, mTLS between; the client asks at the one, the service is the other's. */
export async function isthmusPair({ upstream }: Ground): Promise<Running> {
  const [a, b] = await pair(service(upstream.http));
  return running([a, b], a.outbound, http1(a.outbound));
}

/** The same for a service whose endpoints speak HTTP/2. */
export async function isthmusGrpcPair({ upstream }: Ground): Promise<Running> {
  const [a, b] = await pair({
    ...service(upstream.http2),
    protocol: 'grpc',
    check: { tcp: true },
  });
  return running([a, b], a.outbound, http2(a.outbound));
}

/** One gateway's east-west listener, asked as the other cluster's gateway would. */
export async function isthmusTlsListener({ dir, upstream }: Ground): Promise<Running> {
  const [a, b] = await pair(service(upstream.http));
  const own = `${a.cluster}.${federation}`;
  const client = await credentials(join(dir, 'isthmus'), own, join(a.dir, 'data', 'ca'));
  const { stop, ...listener } = await running([b], b.eastWest, asksOverTls(b.eastWest, client));
  return {
    ...listener,
    client,
    async stop() {
      await stop();
      await a.process.kill();
    },
  };
}

async function isReady({ admin }: BenchGateway): Promise<void> {
  await until('the gateway to be ready', async () => (await fetch(`${admin}/readyz`)).ok);
}

function service(port: number) {
  return {
    name: 'web',
    namespace: 'bench',
    endpoints: [{ id: 'one', address: `127.0.0.1:${port}` }],
    check: { http: { path: paths.small } },
  };
}

function founder(extra: object): Promise<BenchGateway> {
  return onProxyCore('dc1', { registry: { embedded: { listen: '127.0.0.1:0' } }, ...extra });
}

/** With one worker: the others have one thread, too, and the core is one. */
async function onProxyCore(cluster: string, extra: object): Promise<BenchGateway> {
  const started = await gateway(cluster, { workers: 1, ...extra });
  pinProxy(started.process.pid);
  return started;
}

async function pair(ofSecond: object): Promise<[BenchGateway, BenchGateway]> {
  const both: [BenchGateway, BenchGateway] = [
    await founder({}),
    await onProxyCore('dc2', { services: [ofSecond] }),
  ];
  for (const one of both) await isReady(one);
  await joinTo(...both);
  return both;
}

async function running(
  gateways: readonly BenchGateway[],
  port: number,
  expected: Expected,
): Promise<Running> {
  try {
    await expectAnswer(expected);
  } catch (cause) {
    const logs = gateways.map(({ dir }) => lastLines(join(dir, 'gateway.log'))).join('\n');
    throw new Error(`isthmus does not answer:\n${logs}`, { cause });
  }
  return {
    pids: gateways.map(({ process }) => process.pid),
    port,
    async stop() {
      for (const { process } of gateways) await process.kill();
    },
  };
}
