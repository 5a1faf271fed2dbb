/** Owns second gateways of clusters in tests. */
import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Cluster } from './federation.ts';
import { GatewayProcess, type Scope } from './gateway-process.ts';
import { tempDir } from './temp-dir.ts';

/** The same authority, membership and configuration under another name, without the endpoints, with `more` in its place. */
export async function secondGateway(t: Scope, { gateway: first }: Cluster, more: object = {}) {
  const {
    data: _data,
    listen: _listen,
    ...config
  } = parse(await readFile(first.configPath, 'utf8'));
  const gateway = await GatewayProcess.prepare(t, join(await tempDir(t), 'second'), {
    ...config,
    gateway: 'gateway-2',
    services: [],
    ...more,
  });
  await mkdir(gateway.dataDir, { recursive: true, mode: 0o700 });
  for (const path of ['ca', 'federation.json']) {
    await cp(join(first.dataDir, path), join(gateway.dataDir, path), { recursive: true });
  }
  await gateway.start();
  return gateway;
}
