/** Owns the one use of what Node does not document: accepted sockets that read into a shared buffer, as connecting ones may. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, Socket } from 'node:net';
import { messageOf } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import { Intake } from './intake.ts';
import { readBuffer } from './read-buffer.ts';

/**
 * How accepted sockets are read. `shared` saves an allocation, an event and a stream's bookkeeping per read:
 * about a microsecond of a request's fourteen.
 */
export type Reading = 'shared' | 'events';

/** The inner fields of a socket that are used here: the buffer it reads into, the callback it tells, and the handle it reads from. */
interface Inner {
  [key: symbol]: unknown;
  readonly _handle: { useUserBuffer(buffer: Buffer): void };
}

const bufferKey = keyNamed('kBuffer');
const callbackKey = keyNamed('kBufferCb');

/** The symbol of a socket's inner field by that name; a symbol that no socket has where there is no such field. */
function keyNamed(name: string): symbol {
  const keys = Object.getOwnPropertySymbols(new Socket());
  return keys.find(({ description }) => description === name) ?? Symbol(name);
}

/** Takes over `socket` as it is accepted, before any of it was read. */
export function intakeOf(socket: Socket, reading: Reading): Intake {
  if (reading === 'events') return Intake.byEvents(socket);
  const intake = new Intake(socket);
  const inner = socket as unknown as Inner;
  inner[bufferKey] = readBuffer;
  inner[callbackKey] = (bytes: number) => intake.reader.onRead(readBuffer, bytes);
  inner._handle.useUserBuffer(readBuffer);
  return intake;
}

let tried: Promise<Reading> | undefined;

/** The best way to read that works here: found out once, by doing it. */
export function readingHere(log: Log): Promise<Reading> {
  tried ??= tryShared().then(
    () => 'shared',
    (thrown: unknown) => {
      log.warn(
        { reason: messageOf(thrown) },
        'accepted sockets are read by events, which costs more: this Node.js can not read them into a shared buffer',
      );
      return 'events';
    },
  );
  return tried;
}

/** Most time for the try, in milliseconds. */
const tryMs = 2_000;

/** Octets there and back over an accepted socket that is read into the shared buffer. Rejects where they don't arrive. */
async function tryShared(): Promise<void> {
  const server = createServer({ allowHalfOpen: true });
  const signal = AbortSignal.timeout(tryMs);
  let client: Socket | undefined;
  let intake: Intake | undefined;
  try {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening', { signal });
    const accepted = once(server, 'connection', { signal });
    client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const [socket] = await accepted;
    intake = intakeOf(socket, 'shared');
    intake.reader = {
      onRead(buffer, end) {
        socket.end(buffer.toString('latin1', 0, end), 'latin1');
        return true;
      },
    };
    client.end('there and back');
    const [echoed] = await once(client.setEncoding('latin1'), 'data', { signal });
    if (echoed !== 'there and back') throw new Error(`read ${JSON.stringify(echoed)}`);
  } finally {
    client?.destroy();
    intake?.socket.destroy();
    server.close();
  }
}
