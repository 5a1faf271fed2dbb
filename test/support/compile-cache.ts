/** Owns filling V8's compile cache before the first test: processes that tests kill keep nothing of what they compiled. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isthmus } from '../cli/command.ts';
import { GatewayProcess, type Scope } from './gateway-process.ts';

/** Runs a gateway and a command to their end; `NODE_COMPILE_CACHE` says where what they compile is kept. */
export async function fillCompileCache(): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'isthmus-'));
  const teardowns: (() => unknown)[] = [() => rm(dir, { recursive: true, force: true })];
  const scope = {
    teardown: (end: () => unknown) => void teardowns.unshift(end),
    log: console.error as Scope['log'],
    passed: false,
  };
  try {
    const gateway = await GatewayProcess.prepare(scope, join(dir, 'dc1'), {
      cluster: 'dc1',
      registry: { embedded: { listen: '127.0.0.1:0' } },
    });
    await gateway.start();
    const { code, stderr } = await isthmus(['status', '--admin', `unix:${gateway.adminSocket}`]);
    if (code !== 0) throw new Error(`isthmus status ended with ${code}: ${stderr}`);
    await gateway.stop();
    scope.passed = true;
  } finally {
    for (const end of teardowns) await end();
  }
}
