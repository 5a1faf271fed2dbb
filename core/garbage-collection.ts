/** Owns how V8 collects garbage: each thread its own, alone; what is new begins young, it has room for that at once, and at rest it gives all back. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Room for what is young, in MiB: collected ten times a second under full load, for half a millisecond. */
const youngMiB = 8;

/** To be called before the first worker is made. */
export function tuneGarbageCollection(): void {
  // What is young on the data path is nearly all dead when it is collected, so there is little to share out; V8 would
  // wake helper threads for it all the same, on cores that are other workers', and a worker whose core is busy waits.
  setFlagsFromString('--no-parallel-scavenge');
  // V8 makes old from the start what it once saw live on, such as connections that waited; whatever they lead to then
  // outlives its use as well, and collections of a fraction of a millisecond take 10 to 30.
  setFlagsFromString('--no-allocation-site-pretenuring');
  // V8 takes that room back from a thread that idles, to a MiB or three: the load that comes after would meet several
  // times as many collections until it has grown again.
  setFlagsFromString(`--min-semi-space-size=${youngMiB}`);
  // For `collectAll`. Now, for other flags make what is compiled worthless that is kept between starts.
  setFlagsFromString('--expose-gc');
}

/** As V8 hands it out. The last resort is the collection after which room that is not needed goes back to the system. */
type Collect = (options: { readonly type: 'major'; readonly flavor: 'last-resort' }) => void;

/**
 * Collects all there is in this thread, and gives back what room is not needed: V8 would keep both until it needs more, and a thread that rests
 * needs none. Takes 10 to 40 ms of CPU here, in which nothing else is done, and some more in V8's helpers.
 */
export function collectAll(): void {
  const collect = runInNewContext('globalThis.gc') as Collect | undefined;
  collect?.({ type: 'major', flavor: 'last-resort' });
}

/** Collections that code outlives in which it was not run, as V8 has it. */
const codeAge = 6;

/** The same, and what code was compiled for the start alone, or has not run since: it is compiled again should it be called. Not for threads that carry traffic. */
export function collectStart(): void {
  // The last resort is two collections at least.
  setFlagsFromString('--bytecode-old-age=1');
  try {
    collectAll();
  } finally {
    setFlagsFromString(`--bytecode-old-age=${codeAge}`);
  }
}
