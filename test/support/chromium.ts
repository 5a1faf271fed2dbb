/** Owns a real browser in tests: Chromium without a window, which opens one page and stays. */
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { type RunningProgram, startProgram } from './programs.ts';
import { tempDir } from './temp-dir.ts';

/** How the browser finds the gateway at `host:port`. */
export type WayToGateway =
  /** Names of the federation lead there. */
  | { readonly kind: 'names'; readonly address: string }
  /** It is the browser's HTTP proxy. */
  | { readonly kind: 'proxy'; readonly address: string };

/** Opens `url`; the browser ends with the test. */
export async function browse(
  t: Pick<ExecutionContext, 'teardown'>,
  url: string,
  way: WayToGateway,
): Promise<RunningProgram> {
  const profile = join(await tempDir(t), 'profile');
  return startProgram(t, 'chromium', [
    ...['--headless', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'],
    // Root has no sandbox; and nothing of the browser's own is asked from the network.
    ...['--no-sandbox', '--disable-background-networking', '--disable-component-update'],
    `--user-data-dir=${profile}`,
    way.kind === 'names'
      ? `--host-resolver-rules=MAP *.acme ${way.address}, MAP * ~NOTFOUND`
      : `--proxy-server=http://${way.address}`,
    url,
  ]);
}
