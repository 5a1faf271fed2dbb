/** Owns a real Chromium showing a real gateway's UI in tests, and what it complained about. */
import { access, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { builtUi } from '../../gateway/control/api/ui-files.ts';
import type { Cluster } from '../support/federation.ts';
import type { Scope } from '../support/gateway-process.ts';
import { type Door, openDoor } from './door.ts';

type Theme = 'light' | 'dark';

interface Ui {
  readonly page: Page;
  readonly door: Door;
  /** Policy violations, scripts that threw, and files from elsewhere. */
  readonly complaints: readonly string[];
  /** Opens a path and waits until the view shows live data. */
  open(path: string): Promise<void>;
}

/** Chromium without what only a window needs: it starts for half of the processor's time, and draws the same. */
const executablePath = '/usr/bin/chromium-headless-shell';

export async function startBrowser(t: Scope): Promise<Browser> {
  await access(`${builtUi}/index.html`).catch(() => {
    throw new Error('The UI is not built: npm run build');
  });
  const browser = await chromium.launch({
    executablePath,
    // No processor draws as a graphics card would; and its sandbox needs a user other than root.
    args: ['--disable-gpu', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
  });
  t.teardown(() => browser.close());
  return browser;
}

/** Opens a tab of its own on the UI of a cluster's gateway. */
export async function openUi(
  t: Scope,
  browser: Browser,
  cluster: Cluster,
  theme: Theme = 'light',
): Promise<Ui> {
  const door = await openDoor(t, cluster.gateway.adminSocket);
  const context = await browser.newContext({
    colorScheme: theme,
    reducedMotion: 'reduce',
    viewport: { width: 1440, height: 900 },
  });
  t.teardown(() => context.close());
  const page = await context.newPage();
  const complaints = complaintsOf(page, context, door.origin);
  return {
    page,
    door,
    complaints,
    async open(path) {
      await page.goto(door.origin + path);
      await page.locator('.pulse-live').waitFor();
      await page.locator('main h1').waitFor();
    },
  };
}

function complaintsOf(page: Page, context: BrowserContext, origin: string): string[] {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(`threw: ${error.stack}`));
  page.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) complaints.push(message.text());
  });
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol !== 'blob:' && url.origin !== origin) complaints.push(`foreign: ${url}`);
  });
  return complaints;
}

const axe = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly help: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
  }[];
}

/**
 * What it finds in each of the views, by path, in the light theme and then in the dark one; each is waited for until it shows words that
 * prove it is there.
 */
export async function faultsIn(
  { page, open }: Ui,
  views: Iterable<readonly [path: string, words: string]>,
): Promise<string[]> {
  const faults: string[] = [];
  for (const [path, words] of views) {
    await page.emulateMedia({ colorScheme: 'light' });
    await open(path);
    await page.locator('main').getByText(words).filter({ visible: true }).first().waitFor();
    for (const fault of await accessibilityFaults(page)) faults.push(`${path}: ${fault}`);
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.locator('html[data-theme="dark"]').waitFor();
    for (const fault of await accessibilityFaults(page, 'colours'))
      faults.push(`${path}, dark: ${fault}`);
  }
  return faults;
}

/** Between one theme and another only colours differ. */
type Rules = 'all' | 'colours';

const runOnly = {
  all: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  colours: ['color-contrast', 'link-in-text-block'],
} as const satisfies Record<Rules, readonly string[]>;

/** What axe-core finds wrong with the page as it is, by WCAG 2.2 AA and its own best practices. */
export async function accessibilityFaults(
  page: Page,
  rules: Rules = 'all',
): Promise<readonly string[]> {
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(await axe);
  const options = { resultTypes: ['violations'], runOnly: runOnly[rules] };
  const { violations } = (await page.evaluate(
    `axe.run(document, ${JSON.stringify(options)})`,
  )) as AxeResult;
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${help}: ${html} ${failureSummary ?? ''}`),
  );
}
