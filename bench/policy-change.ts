/** Owns how soon a changed policy has its effect in every cluster: 200 changes among three, real requests. Run: `node bench/policy-change.ts`. */
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as rest } from 'node:timers/promises';
import { until } from '../test/support/until.ts';
import { gateway, joinTo, withCleanup } from './cluster.ts';
import { machine, quantile } from './machine.ts';
import { watchOthers } from './proxies/quiet.ts';

const changes = 200;
const host = 'answer.example.com';
const agent = new Agent({ keepAlive: true });

await withCleanup(async () => {
  const founder = await gateway('dc1', { registry: { embedded: { listen: '127.0.0.1:0' } } });
  const joiners = [await gateway('dc2', {}), await gateway('dc3', {})];
  const all = [founder, ...joiners];
  for (const { admin } of all) {
    await until('the gateway to be ready', async () => (await fetch(`${admin}/readyz`)).ok);
  }
  for (const joiner of joiners) await joinTo(founder, joiner);

  /** Until requests at a cluster's gateway are answered by what was written, in milliseconds since `started`. */
  const effectAt = async (outbound: number, said: string, started: number): Promise<number> => {
    while ((await answer(outbound)) !== said) await rest(1);
    return performance.now() - started;
  };
  /** Of one change, for each cluster; from before it is asked for. */
  const change = async (said: string): Promise<number[]> => {
    const started = performance.now();
    const [, ...effects] = await Promise.all([
      write(founder.admin, said),
      ...all.map(({ outbound }) => effectAt(outbound, said, started)),
    ]);
    return effects;
  };
  await change('first');
  const others = watchOthers();
  const samples: number[][] = [];
  for (let i = 0; i < changes; i++) samples.push(await change(String(i)));
  console.log(machine());
  console.log(
    `written at ${founder.cluster} to answered by it, ${changes} changes, all on this machine:`,
  );
  for (const [i, { cluster }] of all.entries()) {
    console.log(`  ${cluster}    ${told(samples.map((one) => one[i] ?? Number.NaN))}`);
  }
  console.log(`  in all ${told(samples.map((one) => Math.max(...one)))}`);
  console.log(`other programs meanwhile: ${others().toFixed(2)} cores`);
  agent.destroy();
});

function told(ms: readonly number[]): string {
  const [p50, p99, most] = [quantile(ms, 0.5), quantile(ms, 0.99), Math.max(...ms)];
  return `p50 ${p50.toFixed(1)} ms  p99 ${p99.toFixed(1)} ms  max ${most.toFixed(1)} ms`;
}

/** A Route of the whole federation, with an answer of its own. */
async function write(admin: string, body: string): Promise<void> {
  const response = await fetch(`${admin}/v1/federation/routes/bench/answer`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      hostnames: [host],
      parentRefs: [{ name: 'outbound' }],
      rules: [{ directResponse: { status: 200, body } }],
    }),
  });
  if (!response.ok) throw new Error(await response.text());
  await response.body?.cancel();
}

function answer(outbound: number): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port: outbound, headers: { host }, agent }, (response) => {
      text(response).then(resolve, reject);
    })
      .on('error', reject)
      .end();
  });
}
