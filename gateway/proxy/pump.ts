/** Owns moving a response body to the client, and telling which side broke when one does. */
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { SendResult } from './exchange.ts';

/**
 * Pipes `body` into `sink` under back-pressure. When either breaks both are destroyed: a sink never ends
 * well after a broken body. `gone` is aborted when the client has gone, before its sink is destroyed here.
 */
export async function pump(body: Readable, sink: Writable, gone: AbortSignal): Promise<SendResult> {
  let upstreamBroke = body.errored !== null;
  body.once('error', () => {
    upstreamBroke = !gone.aborted;
  });
  try {
    await pipeline(body, sink);
    return 'sent';
  } catch {
    // Both sides' errors end up here alike; which came first is what counts.
    return upstreamBroke ? 'upstream-broke' : 'client-gone';
  }
}
