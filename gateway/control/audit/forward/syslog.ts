/** Owns sending entries of the audit to a syslog receiver, over TLS, TCP or UDP. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { connect as connectSecure } from 'node:tls';
import { parseAddress } from '../../../../core/address.ts';
import type { SyslogConfig } from '../../config/audit.ts';
import type { AuditEntry } from '../audit.ts';
import type { Receiver } from './forwarder.ts';
import { datagram, framed, syslogMessage } from './syslog-message.ts';

const limitMs = 10_000;

interface SyslogOptions {
  readonly config: SyslogConfig;
  /** The folder that its paths are relative to. */
  readonly baseDir: string;
  readonly cluster: string;
  readonly gateway: string;
}

/**
 * Syslog has no acknowledgements: entries count as taken once the operating system has taken them for a connection that stands, or
 * for the network.
 */
export function syslog(options: SyslogOptions): Receiver {
  const { config, cluster, gateway } = options;
  const { facility, transport, address } = config;
  const origin = { facility, host: hostname(), pid: process.pid, cluster, gateway };
  const at = `${transport}://${address}`;
  if (transport === 'udp') {
    return {
      ...{ kind: 'syslog', at },
      send: (entries) => sendDatagrams(address, entries, (entry) => datagram(entry, origin)),
      close: () => undefined,
    };
  }
  let socket: Socket | undefined;
  return {
    ...{ kind: 'syslog', at },
    async send(entries) {
      if (socket === undefined || !socket.writable) socket = await connected(options);
      const text = entries.map((entry) => framed(syslogMessage(entry, origin))).join('');
      await written(socket, text);
    },
    close: () => void socket?.destroy(),
  };
}

async function sendDatagrams(
  address: string,
  entries: readonly AuditEntry[],
  messageOf: (entry: AuditEntry) => Buffer,
): Promise<void> {
  const { host, port } = parseAddress(address);
  const socket = createSocket(isIP(host) === 6 ? 'udp6' : 'udp4');
  try {
    for (const entry of entries) {
      await new Promise<void>((sent, reject) => {
        socket.send(messageOf(entry), port, host, (failed) => (failed ? reject(failed) : sent()));
      });
    }
  } finally {
    socket.close();
  }
}

/** The authority's file is read for each connection. */
async function connected({ config, baseDir }: SyslogOptions): Promise<Socket> {
  const { host, port } = parseAddress(config.address);
  const ca = config.ca === undefined ? undefined : await readFile(resolve(baseDir, config.ca));
  const isSecure = config.transport === 'tls';
  const socket = isSecure
    ? connectSecure({
        host,
        port,
        ...(isIP(host) === 0 && { servername: host }),
        ...(ca && { ca }),
      })
    : connectPlain({ host, port });
  // What breaks later is found by the next writing.
  socket.on('error', () => socket.destroy());
  socket.resume();
  socket.setKeepAlive(true, limitMs);
  socket.setNoDelay();
  const signal = AbortSignal.timeout(limitMs);
  try {
    await once(socket, isSecure ? 'secureConnect' : 'connect', { signal });
  } catch (thrown) {
    socket.destroy();
    throw thrown;
  }
  return socket;
}

async function written(socket: Socket, text: string): Promise<void> {
  const late = setTimeout(() => socket.destroy(new Error('it takes nothing')), limitMs);
  try {
    await new Promise<void>((done, reject) => {
      socket.write(text, (failed) => (failed ? reject(failed) : done()));
    });
  } catch (thrown) {
    socket.destroy();
    throw thrown;
  } finally {
    clearTimeout(late);
  }
}
