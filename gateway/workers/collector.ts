/** Owns how memory is collected: each thread collects its own, alone. */
import { setFlagsFromString } from 'node:v8';

/**
 * To be called before the first worker is made. What is young on the data path is nearly all dead when it is
 * collected, so there is little to share out; V8 would wake helper threads for it all the same, on cores that are
 * other workers', and a worker whose core is busy waits for them.
 */
export function collectAlone(): void {
  setFlagsFromString('--no-parallel-scavenge');
}
