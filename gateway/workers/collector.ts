/** Owns how memory is collected: each thread collects its own, alone, what is new begins young, and it has room for that at once. */
import { setFlagsFromString } from 'node:v8';

/** Room for what is young, in MiB: collected ten times a second under full load, for half a millisecond. */
const youngMiB = 8;

/** To be called before the first worker is made. */
export function setUpCollector(): void {
  // What is young on the data path is nearly all dead when it is collected, so there is little to share out; V8 would
  // wake helper threads for it all the same, on cores that are other workers', and a worker whose core is busy waits.
  setFlagsFromString('--no-parallel-scavenge');
  // V8 makes old from the start what it once saw live on, such as connections that waited; whatever they lead to then
  // outlives its use as well, and collections of a fraction of a millisecond take 10 to 30.
  setFlagsFromString('--no-allocation-site-pretenuring');
  // V8 takes that room back from a thread that idles, to a MiB or three: the load that comes after would meet several
  // times as many collections until it has grown again.
  setFlagsFromString(`--min-semi-space-size=${youngMiB}`);
}
