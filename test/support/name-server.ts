/** Owns a small DNS server in tests (RFC 1035 over UDP): it has the A records that a test gives it, and counts what it is asked. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Scope } from './gateway-process.ts';

interface Records {
  readonly addresses: readonly string[];
  /** Seconds. */
  readonly ttl: number;
}

const typeA = 1;
const headerBytes = 12;
/** A response, authoritative, recursion available (RFC 1035 section 4.1.1). */
const isAnswer = 0x8480;
const noSuchName = 3;

export class NameServer {
  /** By name, in lower case. What has no records is no name. */
  readonly records = new Map<string, Records>();
  readonly #asked = new Map<string, number>();
  #address = '';

  /** `<address>:<port>` */
  get address(): string {
    return this.#address;
  }

  /** How often the addresses of a name were asked for. */
  asked(name: string): number {
    return this.#asked.get(name) ?? 0;
  }

  /** On a free port of loopback, unless told where. */
  static async start(
    t: Pick<Scope, 'teardown'>,
    at: { readonly address: string; readonly port: number } = { address: '127.0.0.1', port: 0 },
  ): Promise<NameServer> {
    const server = new NameServer();
    const socket = createSocket('udp4').bind(at.port, at.address);
    await once(socket, 'listening');
    server.#address = `${at.address}:${socket.address().port}`;
    socket.on('message', (query, { port, address }) =>
      socket.send(server.#answer(query), port, address),
    );
    t.teardown(() => socket.close());
    return server;
  }

  #answer(query: Buffer): Buffer {
    const { name, end } = readName(query, headerBytes);
    const type = query.readUInt16BE(end);
    if (type === typeA) this.#asked.set(name, this.asked(name) + 1);
    const found = this.records.get(name);
    const records = type === typeA ? (found?.addresses ?? []) : [];
    const header = Buffer.alloc(headerBytes);
    query.copy(header, 0, 0, 2);
    header.writeUInt16BE(isAnswer | (found ? 0 : noSuchName), 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(records.length, 6);
    const question = query.subarray(headerBytes, end + 4);
    const answers = records.map((address) => addressRecord(address, found?.ttl ?? 0));
    return Buffer.concat([header, question, ...answers]);
  }
}

/** Labels, each after its length, up to the root's (section 3.1). */
function readName(query: Buffer, start: number): { name: string; end: number } {
  const labels: string[] = [];
  let at = start;
  for (let length = query[at++] ?? 0; length > 0; length = query[at++] ?? 0) {
    labels.push(query.toString('latin1', at, at + length));
    at += length;
  }
  return { name: labels.join('.').toLowerCase(), end: at };
}

/** Of the name in the question, to which it points (sections 3.2.1 and 4.1.4). */
function addressRecord(address: string, ttl: number): Buffer {
  const record = Buffer.from([0xc0, headerBytes, 0, typeA, 0, 1, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0]);
  record.writeUInt32BE(ttl, 6);
  record.set(address.split('.').map(Number), 12);
  return record;
}
