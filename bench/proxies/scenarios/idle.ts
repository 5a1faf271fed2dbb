/** Owns the scenarios of idle connections: the memory each one keeps. */
import { setTimeout as delay } from 'node:timers/promises';
import { hop, tlsListener } from '../contestants.ts';
import { rssBytes } from '../costs.ts';
import { type IdleConnection, openHttp1, openMany, openTls } from '../idle.ts';
import { perRequest } from '../measure.ts';
import type { Sample } from '../metrics.ts';
import type { Scenario } from '../rounds.ts';
import type { Running } from '../running.ts';

/** After connections were made, before memory is read. */
const settleMs = 2_000;

export const idlePlain: Scenario = {
  name: 'idlePlain',
  title: 'memory of 5,000 idle plain HTTP/1.1 connections, each used once',
  programs: hop,
  fresh: true,
  measure: (running) => memoryOf(running, 5_000, () => openHttp1(running.port)),
};

export const idleTls: Scenario = {
  name: 'idleTls',
  title: 'memory of 2,000 idle HTTP/2 connections over mTLS, each used once',
  programs: tlsListener,
  fresh: true,
  measure(running) {
    const { client, port } = running;
    if (client === undefined) throw new Error('It has no TLS listener');
    return memoryOf(running, 2_000, () => openTls(port, client));
  },
};

/**
 * The slope from a fifth of the connections to all: what a program takes once is in neither. A request is the one that
 * each connection was opened for.
 */
async function memoryOf(
  running: Running,
  count: number,
  open: () => Promise<IdleConnection>,
): Promise<Sample> {
  const { connections } = await openMany(count / 5, open);
  try {
    await delay(settleMs);
    const before = rssBytes(running.pids);
    const few = connections.length;
    const sample = await perRequest(running, 'cpuUsPerRequest', async () => {
      const more = await openMany(count - few, open);
      connections.push(...more.connections);
      return more.load;
    });
    await delay(settleMs);
    const after = rssBytes(running.pids);
    return {
      ...sample,
      bytesPerConnection: (after - before) / (count - few),
      connections: count,
      rssMB: after / 2 ** 20,
      errors: connections.filter((connection) => !connection.isOpen()).length,
    };
  } finally {
    for (const connection of connections) connection.close();
  }
}
