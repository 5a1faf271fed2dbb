/** Owns a port on which connecting is answered by nobody, as on a machine that is gone: neither accepted nor refused. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Its listener stands still, and its queue is full. */
const listening = `require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () {
  require('node:fs').writeSync(1, String(this.address().port));
  process.kill(process.pid, 'SIGSTOP');
});`;

/** More than the kernel queues for a listener that asks for one. */
const queued = 4;

export async function startDeafPort(t: { teardown(end: () => void): void }): Promise<number> {
  const child = spawn(process.execPath, ['-e', listening], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const waiting: Socket[] = [];
  t.teardown(() => {
    for (const socket of waiting) socket.destroy();
    child.kill('SIGKILL');
  });
  const [port] = await once(child.stdout.setEncoding('utf8'), 'data');
  for (let i = 0; i < queued; i++) {
    waiting.push(connect(Number(port), '127.0.0.1').on('error', () => undefined));
  }
  return Number(port);
}
