/** Owns the words between the process that gives up a gateway's place and the one that takes it. */
import type { Readable, Writable } from 'node:stream';
import { z } from 'zod';
import { addressSchema } from '../../../registry/model.ts';

/** The environment variable by which a process knows that it is a successor. */
export const handoverVariable = 'ISTHMUS_HANDOVER';
/** The descriptor of the channel in the successor; its sockets follow. */
export const channelFd = 3;

const fds = z.array(z.int().min(channelFd + 1)).min(1);

export const handoverSchema = z.strictObject({
  /** Listening sockets, as the successor has inherited them. */
  sockets: z.object({ outbound: fds, eastWest: fds }).catchall(fds),
  /** Where the gateway listens, for what is bound anew; the real ports where 0 was configured. */
  addresses: z
    .object({
      outbound: addressSchema,
      eastWest: addressSchema,
      federation: addressSchema,
      admin: z.string(),
      registry: addressSchema.optional(),
      bundleEndpoint: addressSchema.optional(),
    })
    .catchall(addressSchema),
});

export type Handover = z.output<typeof handoverSchema>;

/**
 * `ready`: the successor takes requests, beside its predecessor. `released`: the predecessor takes none any more, and
 * its other ports, its registry session and its data folder are the successor's.
 */
type Word = 'ready' | 'released';

export function say(channel: Writable, word: Word): void {
  channel.write(`${word}\n`);
}

/** Calls `hear` for each word of the other side. */
export function listenTo(channel: Readable, hear: (word: string) => void): void {
  let text = '';
  channel.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (text + chunk).split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) hear(line);
  });
}
