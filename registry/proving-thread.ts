/** Owns a thread that proves signatures: told of records, it answers which of them were signed by the root that their signature names. */
import { parentPort, workerData } from 'node:worker_threads';
import { isSignedBy } from '../certs/signed-by.ts';
import type { ProvingBatch, ProvingKeys } from './proofs.ts';
import { signedBytes } from './signed-bytes.ts';

const keys = workerData as ProvingKeys;

/** Of what is no record at all nothing is proven: whoever reads it tells why it is refused. */
function isProven(key: string, text: string): boolean {
  try {
    const record = JSON.parse(text);
    const { keyId, value } = record.signature;
    const root = keys.get(keyId);
    return root !== undefined && isSignedBy(root, signedBytes(key, record), value);
  } catch {
    return false;
  }
}

parentPort?.on('message', (batch: ProvingBatch) => {
  parentPort?.postMessage(Uint8Array.from(batch, ([key, text]) => (isProven(key, text) ? 1 : 0)));
});
