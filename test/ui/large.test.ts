/** Specifies the UI at 20 clusters and 500 services, on a desk and on a phone: what is drawn, found and said. */
import test, { type ExecutionContext } from 'ava';
import type { Browser, Page } from 'playwright-core';
import { sharedScope } from '../support/shared.ts';
import { until } from '../support/until.ts';
import { accessibilityFaults, startBrowser } from './browser.ts';
import { clusterNames, dead, type Large, openLarge, regions } from './large.ts';

const scope = sharedScope(test);
let browser: Browser;
let large: Large;

test.before(async () => {
  browser = await startBrowser(scope);
  large = await openLarge(scope);
});

/** A page that is gone with its test: each that stays open draws all anew whenever something changes. */
async function show(
  t: ExecutionContext,
  path: string,
  viewport = { width: 1440, height: 900 },
): Promise<Page> {
  const context = await browser.newContext({ viewport, reducedMotion: 'reduce' });
  t.teardown(() => context.close());
  const page = await context.newPage();
  await page.goto(large.origin + path);
  await page.locator('.pulse-live').waitFor();
  return page;
}

test.serial('the map gathers clusters by region, and names what is in trouble', async (t) => {
  const page = await show(t, '/');
  const map = page.locator('svg.map');
  for (const region of regions) await map.getByText(region, { exact: true }).waitFor();
  for (const name of clusterNames) await map.getByText(name, { exact: true }).waitFor();
  const trouble = map.locator('.region-trouble');
  await trouble.getByText(/dc7 unknown for 5 min/).waitFor();
  t.is(await trouble.count(), 1);
  t.true((await map.locator('.neck-label').count()) <= 10, 'between regions, not clusters');
  await map.getByText('dc12', { exact: true }).click();
  await page.getByRole('heading', { level: 2, name: 'dc12' }).waitFor();
  t.deepEqual(await accessibilityFaults(page), []);
});

test.serial('one dead cluster is one worry, and the figures say what they leave out', async (t) => {
  const page = await show(t, '/');
  const worries = page.getByRole('region', { name: 'Needs attention' });
  await worries.getByText(`${dead} can't be reached for 5 min`).waitFor();
  t.is(await worries.getByRole('listitem').count(), 1);
  await page.getByText(`without ${dead}: no answer`).waitFor();
  await page.getByText(/^healthy; \d+ unknown$/).waitFor();
});

test.serial(
  'of 500 services those on screen are drawn; any is reached by scrolling and by words',
  async (t) => {
    const page = await show(t, '/services');
    const rows = page.locator('tbody tr:not(.table-room)');
    await page.getByText('500 in all').waitFor();
    await page.getByText('svc-000.team-0', { exact: true }).waitFor();
    t.true((await rows.count()) < 80);
    t.is(await page.locator('table').getAttribute('aria-rowcount'), '501');
    await until('the last one to be drawn', async () => {
      await page.mouse.wheel(0, 20_000);
      return page.getByText('svc-499.team-7', { exact: true }).isVisible();
    });
    t.true((await rows.count()) < 80);
    await page.keyboard.press('/');
    await page.keyboard.type('svc-321');
    await page.getByText('1 of 500').waitFor();
    await page.getByText('svc-321.team-9', { exact: true }).waitFor();
  },
);

test.serial('traffic draws the most, finds by words, and gathers by region', async (t) => {
  const page = await show(t, '/traffic');
  const ribbons = page.locator('svg.flow .ribbon');
  await page.getByText(/^\d+ more, with [\d,]+\/s together, are not drawn/).waitFor();
  t.is(await ribbons.count(), 20);
  await page.getByRole('searchbox').fill('from:dc3 svc-15');
  await until('what was looked for', async () => (await ribbons.count()) < 10);
  t.true((await ribbons.count()) > 0);
  await page.getByRole('searchbox').fill('');
  await page.getByLabel('Gather by').selectOption('region');
  await until('a ribbon for each two regions', async () => (await ribbons.count()) === 10);
  t.is(new URL(page.url()).search, '?by=region');
  t.deepEqual(await accessibilityFaults(page), []);
});

test.serial(
  'on a phone no view is wider than the screen, and the first figure is in sight',
  async (t) => {
    for (const path of ['/', '/services', '/traffic', '/trust', '/drills', '/events', '/routing']) {
      const page = await show(t, path, { width: 390, height: 844 });
      await page.locator('main h1').waitFor();
      t.is(await page.evaluate('document.documentElement.scrollWidth'), 390, path);
      const top = await page.evaluate(
        'document.querySelector("main h1").getBoundingClientRect().top',
      );
      t.true(Number(top) < 300, `${path}: the view begins at ${top}`);
      await page.close();
    }
  },
);
