/** Owns how fast a registration in one cluster is routable in another: 1,000 changes, real requests. Run: `node bench/registration.ts`. */
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { until } from '../test/support/until.ts';
import { federation, gateway, joinTo, withCleanup } from './cluster.ts';
import { machine, quantile } from './machine.ts';

const changes = 1_000;
const agent = new Agent({ keepAlive: true });

await withCleanup(async () => {
  const upstream = createServer((_, response) => response.end('ok')).listen(0, '127.0.0.1');
  const { port } = await until(
    'the upstream to listen',
    () => upstream.address() as AddressInfo | null,
  );
  const dc1 = await gateway('dc1', { registry: { embedded: { listen: '127.0.0.1:0' } } });
  const dc2 = await gateway('dc2', {});
  for (const { admin } of [dc1, dc2]) {
    await until('the gateway to be ready', async () => (await fetch(`${admin}/readyz`)).ok);
  }
  await joinTo(dc1, dc2);
  const register = async (name: string): Promise<void> => {
    const response = await fetch(`${dc1.admin}/v1/services/bench/${name}/endpoints/one`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ address: '127.0.0.1', port }),
    });
    if (!response.ok) throw new Error(await response.text());
    await response.body?.cancel();
  };
  await register('warm-up');
  await until('the first service to be routable', () => isRoutable(dc2.outbound, 'warm-up'));
  const samples: number[] = [];
  for (let i = 0; i < changes; i++) {
    const started = performance.now();
    await register(`s${i}`);
    while (!(await isRoutable(dc2.outbound, `s${i}`))) await turn();
    samples.push(performance.now() - started);
  }
  upstream.close();
  agent.destroy();
  console.log(machine());
  console.log(
    `registered in dc1 to answered through dc2, ${changes} changes, both on this machine:`,
  );
  console.log(
    `  p50 ${quantile(samples, 0.5).toFixed(1)} ms  p99 ${quantile(samples, 0.99).toFixed(1)} ms  max ${Math.max(...samples).toFixed(1)} ms`,
  );
});

/** One real request through the other cluster's gateway. */
function isRoutable(outbound: number, name: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const headers = { host: `${name}.bench.${federation}` };
    request({ host: '127.0.0.1', port: outbound, headers, agent }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode === 200));
    })
      .on('error', reject)
      .end();
  });
}
