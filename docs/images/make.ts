/** Owns the screenshots in this folder: each view of the admin UI over the demo's three datacenters, under traffic and in a drill. */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from 'playwright-core';
import { SteadyClient } from '../../examples/demo/client.ts';
import { adminOf, federation, Stage } from '../../examples/demo/stage.ts';
import { indexed } from './palette.ts';
import { readPng, writePng } from './png.ts';

/** Traffic of the picture: datacenter, service, requests a second. */
const loads = [
  ['dc1', 'orders', 40],
  ['dc1', 'payments', 12],
  ['dc2', 'orders', 25],
  ['dc2', 'payments', 18],
  ['dc3', 'orders', 9],
] as const;

/** The drills that are run by the calendar. */
const schedules = [
  [
    'monthly-dc1',
    {
      ...{ cron: '0 10 1 * *', timeZone: 'Europe/Berlin' },
      blackouts: [{ days: ['fri', 'sat', 'sun'], from: '00:00', until: '24:00' }],
      spec: { kind: 'evacuate', scope: { cluster: 'dc1' }, reason: 'We can lose dc1 any day' },
    },
  ],
  [
    'slow-line',
    {
      ...{ cron: '30 14 * * 2', timeZone: 'UTC' },
      spec: {
        ...{ kind: 'slow', scope: { link: { from: 'dc1', to: 'dc2' } } },
        ...{ slow: { delay: '200ms', jitter: '50ms' }, reason: 'The cable was repaired once' },
      },
    },
  ],
] as const;

/** Long enough for sparklines to have something to show. */
const settleMs = 30_000;

const views = [
  ['map', '/'],
  ['services', '/services'],
  ['service', '/services/orders.shop'],
  ['trust', '/trust'],
  ['traffic', '/traffic'],
  ['routing', '/routing?service=orders.shop&from=dc1&without=dc2&health=dc1:50'],
  ['events', '/events'],
] as const;

const stage = await Stage.build((line) => console.log(line));
const clients = loads.map(([dc, service, perSecond]) => {
  const host = `${service}.shop.${federation}`;
  return new SteadyClient({ port: stage.dc(dc).outbound, host, perSecond, onSample() {} });
});
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
});
try {
  for (const client of clients) client.start();
  const page = await browser.newPage({
    viewport: { width: 1280, height: 800 },
    colorScheme: 'light',
    baseURL: adminOf(stage.dc('dc1')),
  });
  // Something to see: dc2's clients are served elsewhere.
  await stage.killInstances(stage.dc('dc2'));
  await page.waitForTimeout(settleMs);
  for (const [name, path] of views) await take(page, name, path);
  stage.startInstances(stage.dc('dc2'));
  await page.waitForTimeout(10_000);
  await drill(page);
} finally {
  await browser.close();
  await Promise.all(clients.map((client) => client.stop()));
  await stage.tearDown();
}

async function take(page: Page, name: string, path?: string): Promise<void> {
  if (path !== undefined) await page.goto(path);
  await page.locator('.pulse-live').waitFor();
  await page.locator('main h1').waitFor();
  // The first answers to what a view asks for itself.
  await page.waitForTimeout(2_500);
  const file = fileURLToPath(new URL(`./${name}.png`, import.meta.url));
  const pixels = readPng(await page.screenshot());
  const { palette, indexes } = indexed(pixels.rgb);
  const png = writePng(pixels, palette, indexes);
  await writeFile(file, png);
  console.log(`${file}: ${Math.ceil(png.length / 1_024)} KB`);
}

/** Runs an evacuation of dc1 as a person would: composed, predicted, run, watched, read. */
async function drill(page: Page): Promise<void> {
  await page.goto('/drills/new?kind=evacuate&cluster=dc1');
  await page.getByLabel('Ramp').fill('3s');
  await page.getByLabel('Duration').fill('12s');
  await page.getByLabel('Reason').fill('Rehearse the loss of dc1');
  await page.getByText('within every guardrail').waitFor();
  await take(page, 'drill-compose');
  await page.getByRole('button', { name: 'Run the drill' }).click();
  await page.getByRole('button', { name: 'Evacuate now' }).click();
  await page.getByRole('button', { name: 'Abort and revert' }).waitFor();
  await page.waitForTimeout(12_000);
  await take(page, 'drill-running');
  await page.getByText('Verdict').waitFor({ timeout: 90_000 });
  await take(page, 'drill-report');
  await take(page, 'drills', '/drills');
  for (const [name, schedule] of schedules) {
    await page.request.put(`/v1/drill-schedules/${name}`, { data: schedule });
  }
  await take(page, 'schedules', '/drills/schedules');
}
