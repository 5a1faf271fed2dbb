/** Owns the scenario of small requests that meet large bodies on the same way: how long they wait. */
import { pair } from '../contestants.ts';
import { http1Load } from '../load.ts';
import { costOf } from '../measure.ts';
import type { Scenario } from '../rounds.ts';
import { paths } from '../running.ts';

export const smallBesideBulk: Scenario = {
  name: 'smallBesideBulk',
  title: 'two gateways, mTLS between, 16 connections of 93-byte bodies beside 4 of 1 MB',
  programs: pair,
  async measure(running, seconds) {
    const load = (path: string, connections: number) =>
      http1Load({ port: running.port, path, connections, seconds });
    const { result, cpuUs, cores, rssMB } = await costOf(running, () =>
      Promise.all([load(paths.small, 16), load(paths.megabyte, 4)]),
    );
    const [small, large] = result;
    return {
      // The small ones' share is in it: nobody can tell it apart.
      cpuUsPerMB: cpuUs / large.requests,
      p99Ms: small.p99Ms,
      p50Ms: small.p50Ms,
      rps: small.requests / small.seconds,
      bulkMBps: large.requests / large.seconds,
      cores,
      rssMB,
      errors: small.errors + large.errors,
    };
  },
};
