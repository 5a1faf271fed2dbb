/** Specifies the UI's views in a real browser over three real clusters: what they show, their links, keys, themes and policy. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { encodeBundle } from '../../certs/bundle.ts';
import { parseTrustDomain } from '../../certs/spiffe-id.ts';
import { forge } from '../certs/forge.ts';
import { sharedScope } from '../support/shared.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { accessibilityFaults, faultsIn, openUi } from './browser.ts';
import { openScene, type Scene } from './scene.ts';

const scope = sharedScope(test);
let browser: Scene['browser'];
let clusters: Scene['clusters'];

test.before(async () => {
  ({ browser, clusters } = await openScene(scope));
});

/** The load, once it has been on for a while. */
const tensPerSecond = /^\d\d\.\d$/;

/** Every view, and words that prove that it shows what the gateway knows. */
const views = [
  ['/', 'dc2'],
  ['/?as=table&cluster=dc2', 'dc2.acme'],
  ['/services', 'orders.shop'],
  ['/services/orders.shop', 'orders-1'],
  ['/services/orders.shop?requests-as=table', 'orders-1'],
  ['/trust', 'dc3.acme'],
  ['/matrix?pair=dc1.dc2', 'dc2, seen from dc1'],
  ['/traffic', 'orders.shop'],
  ['/traffic?as=table', 'orders.shop'],
  ['/routing?service=orders.shop', 'cluster dc3'],
  ['/routing?service=orders.shop&without=dc2&health=dc1:0&as=table', 'cluster dc3'],
  ['/drills', 'New drill'],
  ['/drills/new?kind=evacuate&cluster=dc1', 'Evacuate'],
  ['/drills/schedules', 'Nothing is rehearsed by the calendar.'],
  ['/drills/orders', 'No cluster is drained.'],
  ['/services?via=dc2', 'orders.shop'],
  ['/events?sort=at', 'The bundle of dc2 is believed'],
  ['/events/audit', '/v1/tokens'],
  ['/nowhere', 'No such view'],
] as const;

test.serial(
  'axe finds nothing in any view, light or dark, and the policy nothing to block',
  async (t) => {
    const ui = await openUi(t, browser, clusters.dc1);
    t.deepEqual(await faultsIn(ui, views), []);
    t.deepEqual(ui.complaints, []);
  },
);

test.serial(
  'the map says of each link that it is up, mutual TLS, and its round trip, and what each cluster serves',
  async (t) => {
    const { page, open } = await openUi(t, browser, clusters.dc1);
    await open('/?as=table');
    const links = page.getByRole('table', { name: 'Links' });
    for (const pair of ['dc1 – dc2', 'dc1 – dc3', 'dc2 – dc3']) {
      const row = links.getByRole('row', { name: pair });
      await row.getByText('up', { exact: true }).waitFor();
      await row.getByText(/\d ms/).waitFor();
    }
    const here = page.getByRole('table', { name: 'Clusters' }).getByRole('row', { name: /dc1/ });
    await here.getByText(tensPerSecond).first().waitFor();
    t.pass();
  },
);

test.serial(
  'the matrix is looked for anew, and a cell of it opens to what was found there',
  async (t) => {
    const { page, open } = await openUi(t, browser, clusters.dc1);
    await open('/matrix');
    await page.getByRole('button', { name: 'Look now' }).click();
    const cell = page.getByRole('button', { name: 'dc3, seen from dc2' });
    await cell.getByText('ok', { exact: true }).waitFor();
    await cell.click();
    const found = page.getByRole('region', { name: 'dc3, seen from dc2' });
    await found.getByText('spiffe://dc3.acme/gateway/gateway-1, each believing').waitFor();
    await found.getByText('orders.shop, of which 1 copy is healthy, answers HEAD').waitFor();
    t.is(new URL(page.url()).search, '?pair=dc2.dc3');
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      t.deepEqual(await accessibilityFaults(page), [], colorScheme);
    }
  },
);

test.serial(
  'traffic is shown by the map, the service graph and the table of services',
  async (t) => {
    const { page, open } = await openUi(t, browser, clusters.dc1);
    await open('/traffic?as=table');
    const row = page.getByRole('row', { name: /dc1 clients.*orders\.shop/ });
    await row.getByText(tensPerSecond).waitFor();
    await open('/services');
    await page
      .getByRole('row', { name: /orders\.shop/ })
      .getByText(tensPerSecond)
      .waitFor();
    t.pass();
  },
);

test.serial(
  'a what-if is a link: clusters lost and health imagined move the load, and the URL keeps them',
  async (t) => {
    const { page, open } = await openUi(t, browser, clusters.dc1);
    await open('/routing?service=orders.shop');
    await page.getByText('carries all').waitFor();
    await page.getByRole('group', { name: 'dc2' }).getByRole('checkbox').check();
    await page.getByRole('slider', { name: 'dc1' }).fill('0');
    const dc3 = page.getByRole('listitem').filter({ hasText: 'cluster dc3' });
    await dc3.getByText('100 %').waitFor();
    const { search } = new URL(page.url());
    t.is(search, '?service=orders.shop&without=dc2&health=dc1:0');
    await open(`/routing${search}`);
    await dc3.getByText('100 %').waitFor();
    await page.getByRole('button', { name: 'As it is' }).click();
    await page.getByText('carries all').waitFor();
  },
);

test.serial(
  'what would become of a request is asked on the page of its service, and told step by step',
  async (t) => {
    const { page, open, complaints } = await openUi(t, browser, clusters.dc1);
    await open('/services/orders.shop');
    const panel = page.getByRole('region', { name: 'Explain a request' });
    await panel.getByLabel('URL').fill('http://orders.shop.acme/a/../b');
    await panel.getByLabel('Fields').fill('x-team: blue');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    const here = panel.getByRole('region', { name: 'At dc1' });
    await here.getByText('the path is decided by and sent on as /b').waitFor();
    const to = panel.getByRole('region', { name: 'To orders.shop, 100 %' });
    await to.getByText('the head of an answer is waited for').waitFor();
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      t.deepEqual(await accessibilityFaults(page), [], colorScheme);
    }
    await panel.getByLabel('URL').fill('ftp://orders');
    await panel.getByRole('button', { name: 'Explain it' }).click();
    await panel.getByRole('alert').getByText('BODY_INVALID').waitFor();
    t.deepEqual(complaints, []);
  },
);

test.serial('on a phone a service with its copies is no wider than the screen', async (t) => {
  const { page, open } = await openUi(t, browser, clusters.dc1);
  await page.setViewportSize({ width: 390, height: 844 });
  await open('/services/orders.shop');
  await page.locator('.candidates li').first().waitFor();
  t.is(await page.evaluate('document.documentElement.scrollWidth'), 390);
});

test.serial('a list filters and sorts, and its state is in the URL', async (t) => {
  const { page, open } = await openUi(t, browser, clusters.dc1);
  await open('/events');
  await page.keyboard.press('/');
  await page.keyboard.type('kind:member dc2');
  await page.getByRole('row', { name: /dc2 is a member/ }).waitFor();
  t.is(await page.locator('tbody tr').count(), 1);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Cluster', exact: true }).click();
  await until('the URL to say so', () => page.url().endsWith('/events?sort=cluster'));
  t.is(
    await page.getByRole('columnheader', { name: 'Cluster' }).getAttribute('aria-sort'),
    'ascending',
  );
});

test.serial('every view is reached by keys alone, and what has the focus shows it', async (t) => {
  const { page, open } = await openUi(t, browser, clusters.dc1);
  await open('/');
  await page.keyboard.press('Tab');
  t.is(await focused(), 'Skip to the view');
  await page.keyboard.press('Enter');
  t.is(await page.evaluate('document.activeElement.id'), 'main');
  for (const [key, title] of [
    ['s', 'Services'],
    ['c', 'Clusters and trust'],
    ['t', 'Traffic'],
    ['r', 'Routing'],
    ['p', 'Policies'],
    ['d', 'Drills'],
    ['e', 'Events'],
    ['m', 'Federation acme'],
  ] as const) {
    await page.keyboard.press('g');
    await page.keyboard.press(key);
    await page.getByRole('heading', { level: 1, name: title }).waitFor();
    await until(`the focus to follow to ${title}`, async () => (await focused()) === title);
  }
  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await help.getByText('Go to Traffic').waitFor();
  t.deepEqual(await accessibilityFaults(page), []);
  await page.keyboard.press('Escape');
  await help.waitFor({ state: 'hidden' });
  await page.keyboard.press('g');
  await page.keyboard.press('s');
  await page.getByRole('link', { name: 'orders.shop' }).waitFor();
  await until('the focus to follow to Services', async () => (await focused()) === 'Services');
  await page.keyboard.press('j');
  t.is(await focused(), 'orders.shop');
  t.not(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle'), 'none');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'orders.shop' }).waitFor();

  function focused(): Promise<unknown> {
    return page.evaluate('document.activeElement.textContent');
  }
});

test.serial('shortcuts of single keys can be turned off', async (t) => {
  const { page, open } = await openUi(t, browser, clusters.dc1);
  await open('/');
  await page.getByRole('button', { name: 'Keyboard shortcuts' }).click();
  await page.getByRole('checkbox', { name: 'Single keys are shortcuts' }).uncheck();
  await page.keyboard.press('Escape');
  await page.keyboard.press('g');
  await page.keyboard.press('s');
  t.is(new URL(page.url()).pathname, '/');
});

test.serial(
  'the theme follows the system until it is chosen, and the choice is kept',
  async (t) => {
    const { page, open } = await openUi(t, browser, clusters.dc1, 'dark');
    const theme = () => page.evaluate('document.documentElement.dataset.theme');
    await open('/');
    t.is(await theme(), 'dark');
    await page.getByRole('button', { name: 'Light', exact: true }).click();
    t.is(await theme(), 'light');
    await open('/services');
    t.is(await theme(), 'light');
    await page.getByRole('button', { name: 'As the system' }).click();
    t.is(await theme(), 'dark');
  },
);

test.serial('a page of a drill there is not asks for it once, not for ever', async (t) => {
  const { page, open } = await openUi(t, browser, clusters.dc1);
  const asked: string[] = [];
  page.on('request', (request) => {
    if (request.url().includes('/v1/drills/')) asked.push(request.url());
  });
  await page.clock.install();
  await open('/drills/20261128-gone');
  await page.getByRole('alert').getByText('DRILL_NOT_FOUND').waitFor();
  await page.clock.fastForward(20_000);
  await page.getByRole('heading', { level: 1, name: '20261128-gone' }).waitFor();
  t.is(asked.length, 1);
});

test.serial(
  'a trust domain outside whose endpoint is silent: its last bundle is shown, how old it is, and why no newer is had',
  async (t) => {
    const { gateway } = clusters.dc1;
    const trustDomain = parseTrustDomain('p1.partner');
    const uris = [`spiffe://${trustDomain}`];
    const { certificate } = forge({ name: 'root of p1', ca: true, uris });
    const bundle = { trustDomain, sequence: 7, refreshHintSeconds: 300, roots: [certificate] };
    const folder = await tempDir(scope);
    const file = join(folder, 'partner.json');
    await writeFile(file, JSON.stringify(encodeBundle(bundle)));
    const before = parse(await readFile(gateway.configPath, 'utf8'));
    const endpoint = { url: 'https://127.0.0.1:1/', profile: 'https_spiffe', bundle: file };
    const endpointSpiffeId = 'spiffe://p1.partner/bundle-endpoint';
    const foreign = [{ trustDomain, ...endpoint, endpointSpiffeId }];
    await gateway.configure({ ...before, trust: { foreign } });
    process.kill((await gateway.status()).pid, 'SIGHUP');
    const { page, open } = await openUi(t, browser, clusters.dc1);
    await open('/trust');
    const table = page.getByRole('region', { name: 'Other federations' }).getByRole('table');
    const row = table.getByRole('row', { name: /p1\.partner/ });
    for (const words of ['failing', '7', 'never', '5 min']) {
      await row.getByText(words, { exact: true }).waitFor();
    }
    await row.getByText('ECONNREFUSED').waitFor();
    t.deepEqual(await accessibilityFaults(page), []);

    await gateway.configure(before);
    process.kill((await gateway.status()).pid, 'SIGHUP');
    await table.waitFor({ state: 'detached' });
  },
);
