/** Owns ClientHellos for tests: made by hand from parts, or caught from real clients; whole, or cut up. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';

/** A vector: its length in `bytes` octets, then what is in it. */
export function vector(bytes: 1 | 2, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const length = Buffer.alloc(bytes);
  length.writeUIntBE(content.length, 0, bytes);
  return Buffer.concat([length, content]);
}

export function uint16(value: number): Buffer {
  const octets = Buffer.alloc(2);
  octets.writeUInt16BE(value);
  return octets;
}

export function extension(type: number, data: Buffer): Buffer {
  return Buffer.concat([uint16(type), vector(2, data)]);
}

/** Entries of a server name list: type and name. */
export function serverNames(...names: readonly (readonly [type: number, name: string])[]): Buffer {
  const entries = names.map(([type, name]) =>
    Buffer.concat([Buffer.from([type]), vector(2, Buffer.from(name, 'latin1'))]),
  );
  return extension(0, vector(2, ...entries));
}

export function protocols(...names: readonly string[]): Buffer {
  return extension(16, vector(2, ...names.map((name) => vector(1, Buffer.from(name, 'latin1')))));
}

interface HelloParts {
  readonly sessionId?: Buffer;
  readonly suites?: Buffer;
  readonly compressions?: Buffer;
  /** None at all when undefined. */
  readonly extensions?: readonly Buffer[] | undefined;
  /** What follows where nothing may. */
  readonly trailing?: Buffer;
}

/** The body of a ClientHello. */
export function helloBody(parts: HelloParts = {}): Buffer {
  return Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32, 7),
    vector(1, parts.sessionId ?? Buffer.alloc(32, 1)),
    vector(2, parts.suites ?? Buffer.from([0x13, 0x01, 0x13, 0x02])),
    vector(1, parts.compressions ?? Buffer.from([0])),
    ...(parts.extensions === undefined ? [] : [vector(2, ...parts.extensions)]),
    parts.trailing ?? Buffer.alloc(0),
  ]);
}

/** A handshake message of a type; by default ClientHello. */
export function handshake(body: Buffer, type = 1): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt8(type, 0);
  header.writeUIntBE(body.length, 1, 3);
  return Buffer.concat([header, body]);
}

/** Records of at most `size` octets each that carry a message. */
export function records(message: Buffer, size = 16_384): Buffer {
  const all: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const piece = message.subarray(at, at + size);
    all.push(Buffer.from([22, 3, 1]), vector(2, piece));
  }
  return Buffer.concat(all);
}

/** The first octets that a client sends to the port it is given: as many as a quiet moment lets through. */
export async function caught(start: (port: number) => () => void): Promise<Buffer> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const connected = once(server, 'connection');
  const stop = start((server.address() as AddressInfo).port);
  try {
    const [socket] = (await connected) as [Socket];
    const chunks: Buffer[] = [];
    for await (const chunk of socket) {
      chunks.push(chunk);
      const all = Buffer.concat(chunks);
      // A client that has said hello waits for the answer.
      if (all.length >= 5 && all.length >= 5 + all.readUInt16BE(3)) break;
    }
    return Buffer.concat(chunks);
  } finally {
    stop();
    server.close();
  }
}

/** Starts a program that fails in the end, for nobody answers it. */
export function program(command: string, ...args: readonly string[]): () => void {
  const child = execFile(command, args, () => undefined);
  child.stdin?.end();
  return () => child.kill();
}
