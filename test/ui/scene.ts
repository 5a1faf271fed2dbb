/** Owns what tests of the UI look at: three clusters, requests to the first of them, and a browser. */
import type { Browser } from 'playwright-core';
import { type Cluster, federate } from '../support/federation.ts';
import type { Scope } from '../support/gateway-process.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { startBrowser } from './browser.ts';

export interface Scene {
  readonly clusters: Readonly<Record<'dc1' | 'dc2' | 'dc3', Cluster>>;
  readonly load: SteadyLoad;
  readonly browser: Browser;
}

/** dc2 and dc3 are 10 and 20 ms away. */
export async function openScene(t: Scope): Promise<Scene> {
  const clusters = await federate(t, {
    dc1: { instances: 2 },
    dc2: { rttMs: 10 },
    dc3: { rttMs: 20 },
  });
  const load = new SteadyLoad(clusters.dc1);
  t.teardown(() => load.stop());
  return { clusters, load, browser: await startBrowser(t) };
}
