/** Owns the scenario of slow clients: what thousands that dribble their requests cost the others. */
import { slowClients as dribble } from '../../../test/support/slow-clients.ts';
import { hop } from '../contestants.ts';
import { http1Load } from '../load.ts';
import { perRequest } from '../measure.ts';
import type { Scenario } from '../rounds.ts';
import { authority, paths } from '../running.ts';

const slow = {
  count: 2_000,
  begins: `GET / HTTP/1.1\r\nHost: ${authority}\r\n`,
  goesOn: 'X-More: and more\r\n',
  everyMs: 1_000,
};

/** What their all coming at once costs the other clients is a figure of its own. */
const arrivalSeconds = 1;

export const slowClients: Scenario = {
  name: 'slowClients',
  title:
    'one hop, plain HTTP/1.1, 16 connections beside 2,000 that send an octet of a head a second',
  programs: hop,
  fresh: true,
  warmUp: ({ port }, seconds) => http1Load({ port, path: paths.small, connections: 16, seconds }),
  async measure(running, seconds) {
    const { port } = running;
    const load = (during = seconds) =>
      http1Load({ port, path: paths.small, connections: 16, seconds: during });
    const alone = await load();
    const ends: (() => unknown)[] = [];
    try {
      await dribble({ teardown: (end) => void ends.push(end) }, `127.0.0.1:${port}`, slow);
      const arriving = await load(arrivalSeconds);
      const sample = await perRequest(running, 'cpuUsPerRequest', () => load());
      const p99VsAlone = (sample.p99Ms ?? Number.NaN) / alone.p99Ms;
      const p99ArrivingMs = arriving.p99Ms;
      return { ...sample, p99AloneMs: alone.p99Ms, p99VsAlone, p99ArrivingMs };
    } finally {
      for (const end of ends) await end();
    }
  },
};
