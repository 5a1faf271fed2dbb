/** Owns the thread of the embedded registry: starts it, obeys its parent, and passes its log on. */
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../core/clock.ts';
import { asIsthmusError } from '../../core/errors.ts';
import { collectStart } from '../../core/garbage-collection.ts';
import { createLog } from '../../core/log.ts';
import { type NodeOptions, type RegistryNode, startNode } from './node.ts';
import type { FromThread, ToThread } from './protocol.ts';

/** After so long its first clients are served. */
const startedMs = 15_000;

const port = parentPort;
if (port === null) throw new Error('this is a worker thread, started by index.ts');

const post = (message: FromThread): void => port.postMessage(message);
const log = createLog({
  level: 'debug',
  destination: { write: (line) => post({ kind: 'log', line }) },
});

let node: RegistryNode | undefined;

async function run(request: ToThread): Promise<string> {
  if (request.kind === 'start') {
    node = await startNode(workerData as NodeOptions, { clock: systemClock, log });
    systemClock.after(startedMs, collectStart);
    return node.address;
  }
  if (request.kind === 'set-identity') node?.setIdentity(request.identity);
  else if (request.kind === 'set-trust') node?.setTrust(request.domains);
  else if (request.kind === 'close') node?.close();
  else {
    node?.cut();
    // It ends a thread at once; by then nothing of the connections is left to be read.
    setImmediate(() => process.exit());
  }
  return '';
}

port.on('message', async (request: ToThread) => {
  try {
    post({ kind: 'done', id: request.id, result: await run(request) });
  } catch (thrown) {
    const { code, message: what, where, fix } = asIsthmusError(thrown);
    post({ kind: 'failed', id: request.id, code, what, where, fix });
  }
  if (request.kind === 'close') port.close();
});
