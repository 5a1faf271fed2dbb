/** Specifies drills in a real browser over three real clusters: from the form to the report, by keys alone, schedules and standing orders. */
import test from 'ava';
import type { Page } from 'playwright-core';
import type { Drill } from '../../federation/drills/model.ts';
import { evacuation, startDrill } from '../drills/scene.ts';
import { sharedScope } from '../support/shared.ts';
import { until } from '../support/until.ts';
import { accessibilityFaults, faultsIn, openUi } from './browser.ts';
import { focusedName, tabTo } from './keys.ts';
import { openScene, type Scene } from './scene.ts';

const scope = sharedScope(test);
let browser: Scene['browser'];
let load: Scene['load'];
let clusters: Scene['clusters'];

test.before(async () => {
  ({ browser, clusters, load } = await openScene(scope));
  await load.goesOn();
});

test.serial('a dialog that is asked for again as it closes stays', async (t) => {
  const { page, open } = await openUi(t, browser, clusters.dc1);
  await open('/drills/new?kind=evacuate&cluster=dc1');
  const run = page.getByRole('button', { name: 'Run the drill' });
  await run.click();
  const sure = page.getByRole('dialog', { name: 'Run it now?' });
  const refuse = sure.getByRole('button', { name: 'Not now' });
  await refuse.waitFor();
  const closed = page.evaluate(`new Promise((resolve) => {
    const button = (text) => [...document.querySelectorAll('button')].find((one) => one.textContent.trim() === text);
    const dialog = document.querySelector('dialog[open]');
    dialog.addEventListener('close', () => setTimeout(resolve));
    new MutationObserver((_, observer) => {
      if (dialog.open) return;
      observer.disconnect();
      button('Run the drill').click();
    }).observe(dialog, { attributes: true });
    button('Not now').click();
  })`);
  await closed;
  await refuse.waitFor();
  await refuse.click();
  await sure.waitFor({ state: 'hidden' });
  t.pass();
});

test.serial(
  'an evacuation by keys alone: composed, predicted, run, watched while traffic moves, and its report read',
  async (t) => {
    const { page, open, complaints } = await openUi(t, browser, clusters.dc1);
    await open('/');
    await page.keyboard.press('g');
    await page.keyboard.press('d');
    await page.getByRole('heading', { level: 1, name: 'Drills' }).waitFor();
    await follow(page, 'New drill');
    await page.getByRole('heading', { level: 1, name: 'New drill' }).waitFor();
    await tabTo(page, 'Cluster');
    await page.keyboard.type('dc1');
    for (const [label, text] of [
      ['Ramp', '500ms'],
      ['Duration', '4s'],
      ['Reason', 'Rehearse the loss of dc1'],
    ] as const) {
      await tabTo(page, label);
      await page.keyboard.press('Control+A');
      await page.keyboard.type(text);
    }
    await page.getByText('within every guardrail').waitFor();
    await follow(page, 'Run the drill');
    const sure = page.getByRole('dialog', { name: 'Run it now?' });
    await sure.getByText(/^Evacuate dc1/).waitFor();
    await follow(page, 'Not now');
    await sure.waitFor({ state: 'hidden' });
    t.is(await focusedName(page), 'Run the drill', 'the focus returns');
    await page.keyboard.press('Enter');
    await sure.getByText(/^Evacuate dc1/).waitFor();
    await follow(page, 'Evacuate now');

    await page.getByText('In force in full at every gateway').waitFor();
    await load.servedBy(clusters.dc2);
    t.deepEqual(await accessibilityFaults(page), [], 'while it runs');
    await page.getByText('Verdict').waitFor({ timeout: 60_000 });
    await page.getByText('Passed', { exact: true }).waitFor();
    const loads = page.getByRole('table', { name: 'Load by cluster' });
    await loads.getByRole('row', { name: /dc2/ }).waitFor();
    await page.getByText('Traffic has left it as predicted').first().waitFor();
    await load.servedBy(clusters.dc1);
    t.regex(page.url(), /\/drills\/\d{8}-/);
    t.deepEqual(complaints, []);
  },
);

test.serial(
  'axe finds nothing in a report, in a comparison, in schedules and in orders, light or dark',
  async (t) => {
    const ui = await openUi(t, browser, clusters.dc1);
    const { id } = await firstDrill();
    const faults = await faultsIn(ui, [
      [`/drills/${id}`, 'Verdict'],
      [`/drills/${id}?moving-as=table`, 'Verdict'],
      [`/drills/compare?a=${id}&b=${id}`, 'Time to shift'],
      ['/drills/new?kind=slow&cluster=dc1&when=calendar', 'Schedule the drill'],
      ['/drills/schedules', 'Nothing is rehearsed by the calendar.'],
      ['/drills/orders', 'No cluster is drained.'],
    ]);
    t.deepEqual(faults, []);
    t.deepEqual(ui.complaints, []);
  },
);

test.serial('a report is a link that opens at any cluster, and is taken along', async (t) => {
  const { id } = await firstDrill();
  const { page, open } = await openUi(t, browser, clusters.dc3);
  await open(`/drills/${id}`);
  await page.getByText('Passed', { exact: true }).waitFor();
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'MD' }).click();
  t.is((await download).suggestedFilename(), `drill-${id}.md`);
  await page.getByRole('link', { name: 'Run it again' }).click();
  await page.getByText('within every guardrail').waitFor();
  t.is(await page.getByLabel('Duration').inputValue(), '4s');
  t.is(await page.getByLabel('Reason').inputValue(), 'Rehearse the loss of dc1');
});

test.serial('the HTML report opens at its own address, and its style is let in', async (t) => {
  const { id } = await firstDrill();
  const { page, door, complaints } = await openUi(t, browser, clusters.dc3);
  await page.goto(`${door.origin}/v1/drills/${id}/report?format=html`);
  await page.getByText('Passed', { exact: true }).waitFor();
  t.is(
    await page.evaluate('getComputedStyle(document.querySelector("table")).borderCollapse'),
    'collapse',
  );
  t.deepEqual(complaints, []);
});

test.serial('a drill is aborted where it is watched, and says by whom', async (t) => {
  const { id } = await startDrill(clusters.dc1, evacuation);
  const { page, open } = await openUi(t, browser, clusters.dc2);
  await open('/drills');
  await page.getByRole('row', { name: /running|pending/ }).waitFor();
  await open(`/drills/${id}?moving-as=table`);
  await page.getByText('In force in full at every gateway').waitFor();
  // Second by second, also what was before the page was opened.
  const seconds = page.getByRole('table', { name: 'Where requests were answered' });
  await until('some seconds of it', async () => (await seconds.getByRole('row').count()) > 3);
  await page.getByRole('button', { name: 'Abort and revert' }).click();
  await page.getByText('Aborted by an operator').waitFor();
  await load.servedBy(clusters.dc1);
  t.pass();
});

test.serial(
  'a drill that would break a guardrail says which, and runs only when that is accepted',
  async (t) => {
    const { page, open } = await openUi(t, browser, clusters.dc1);
    await open('/drills/new?kind=evacuate&cluster=dc1&ramp=5s&duration=20s');
    await page.getByText('within every guardrail').waitFor();
    t.is(await page.getByLabel('Ramp').inputValue(), '5s', 'a link fills the form in');
    t.is(await page.getByLabel('Duration').inputValue(), '20s');
    await page.getByLabel('Healthy copies').fill('9');
    await page.getByText('minHealthy').waitFor();
    const run = page.getByRole('button', { name: 'Run the drill' });
    t.true(await run.isDisabled());
    await page.getByLabel('Run it although').check();
    t.true(await run.isDisabled(), 'nothing would stop it yet');
    await page.getByLabel('Instead end it below healthy copies').fill('2');
    t.false(await run.isDisabled());
  },
);

test.serial(
  'a schedule is refused without losing what was typed, then made, listed and removed',
  async (t) => {
    const { page, open, complaints } = await openUi(t, browser, clusters.dc1);
    await open('/drills/new?kind=evacuate&cluster=dc1&when=calendar');
    await page.getByLabel('Name').fill('Not A Name');
    await page.getByLabel('Not during').fill('fridays');
    await page.getByText('“fridays” is no window of time').waitFor();
    const make = page.getByRole('button', { name: 'Schedule the drill' });
    t.true(await make.isDisabled());
    await page.getByLabel('Not during').fill('fri,sat 12:00 to 24:00');
    await make.click();
    await page.getByRole('alert').getByText('NAME_INVALID').waitFor();
    t.is(await page.getByLabel('Name').inputValue(), 'Not A Name');
    t.is(await page.getByLabel('Not during').inputValue(), 'fri,sat 12:00 to 24:00');
    await page.getByLabel('Name').fill('monthly');
    await make.click();
    const row = page.getByRole('row', { name: /monthly/ });
    await row.getByText('Evacuate dc1').waitFor();
    await row.getByText('fri,sat 12:00 to 24:00').waitFor();

    await open('/drills/new?kind=evacuate&cluster=dc2&when=calendar');
    await page.getByLabel('Name').fill('monthly');
    await make.click();
    await page.getByRole('alert').getByText('There is one already').waitFor();
    t.is(await page.getByLabel('Name').inputValue(), 'monthly');
    await open('/drills/schedules');
    await row.getByRole('button', { name: 'Remove monthly of dc1' }).click();
    await page.getByText('Nothing is rehearsed by the calendar.').waitFor();
    t.deepEqual(complaints, []);
  },
);

test.serial(
  'a schedule is changed as it was seen: what somebody else changed meanwhile is not overwritten, nor what was typed',
  async (t) => {
    const { page, open, complaints } = await openUi(t, browser, clusters.dc1);
    const path = '/v1/drill-schedules/nightly';
    const spec = { ...evacuation, scope: { cluster: 'dc2' }, duration: '30s' };
    const put = (cron: string) =>
      clusters.dc1.gateway.api.send('PUT', path, { cron, spec, enabled: false });
    await put('0 1 * * *');
    await open('/drills/schedules');
    await page.getByRole('link', { name: 'nightly' }).click();
    await page.getByRole('heading', { level: 1, name: 'Schedule nightly' }).waitFor();
    const cron = page.getByLabel('Cron');
    await until('it to be filled in', async () => (await cron.inputValue()) === '0 1 * * *');
    t.is(await page.getByLabel('Duration').inputValue(), '30s');
    t.false(await page.getByLabel('It is run at these times').isChecked());
    t.deepEqual(await accessibilityFaults(page), []);

    await put('0 2 * * *');
    await cron.fill('0 3 * * *');
    const save = page.getByRole('button', { name: 'Save the schedule' });
    await save.click();
    await page.getByRole('alert').getByText('PRECONDITION_FAILED').waitFor();
    t.is(await cron.inputValue(), '0 3 * * *');
    await page.getByRole('button', { name: 'Load it as it is now' }).click();
    await until('it to be loaded', async () => (await cron.inputValue()) === '0 2 * * *');
    await cron.fill('0 4 * * *');
    await save.click();
    await page.getByRole('row', { name: /nightly.*off.*0 4 \* \* \*/ }).waitFor();
    await clusters.dc1.gateway.api.send('DELETE', path, undefined);
    t.deepEqual(complaints, []);
  },
);

test.serial(
  'a cluster is drained and a service failed over by the UI, and both are undone',
  async (t) => {
    const { page, open, complaints } = await openUi(t, browser, clusters.dc1);
    await open('/drills/orders');
    await page.getByRole('button', { name: 'Drain a cluster' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Cluster').selectOption('dc1');
    await dialog.getByLabel('Ramp').fill('soon');
    await dialog.getByLabel('Reason').fill('new switches');
    await dialog.getByRole('button', { name: 'Drain it' }).click();
    await dialog.getByText('BODY_INVALID').waitFor();
    t.is(await dialog.getByLabel('Reason').inputValue(), 'new switches');
    t.deepEqual(await accessibilityFaults(page), []);
    await dialog.getByLabel('Ramp').fill('500ms');
    await dialog.getByRole('button', { name: 'Drain it' }).click();
    await page.getByRole('row', { name: /dc1.*new switches/ }).waitFor();
    await load.servedBy(clusters.dc2);
    await open('/');
    await page.getByText('dc1 is drained').waitFor();
    await open('/drills/orders');
    await page.getByRole('button', { name: 'Undrain dc1' }).click();
    await page.getByText('No cluster is drained.').waitFor();
    await load.servedBy(clusters.dc1);

    await page.getByRole('button', { name: 'Fail a service over' }).click();
    await dialog.getByLabel('Service').selectOption('orders.shop');
    await dialog.getByLabel('To', { exact: true }).selectOption('dc3');
    await dialog.getByRole('button', { name: 'Fail it over' }).click();
    await page.getByRole('row', { name: /orders\.shop.*dc3.*100 %/ }).waitFor();
    await load.servedBy(clusters.dc3);
    await page.getByRole('button', { name: 'Undo the failover of orders.shop' }).click();
    await page.getByText('Every service goes where it is nearest.').waitFor();
    await load.servedBy(clusters.dc1);
    t.deepEqual(complaints, []);
  },
);

test.serial(
  "another cluster's gateway is looked at through this one: in every view, by link, and no more than it grants",
  async (t) => {
    const { page, door, open, complaints } = await openUi(t, browser, clusters.dc1);
    await open('/');
    await page.getByLabel('Seen from').selectOption('dc2');
    await page.getByText(/Seen from .* of dc2/).waitFor();
    await page.getByRole('link', { name: 'Services' }).click();
    await page.getByRole('row', { name: /orders\.shop/ }).waitFor();
    await until('the URL to say so', () => page.url().endsWith('/services?via=dc2'));

    // Also where a link is opened in another tab.
    const link = page
      .getByRole('row', { name: /orders\.shop/ })
      .getByRole('link')
      .first();
    t.is(await link.getAttribute('href'), '/services/orders.shop?via=dc2');
    t.is(await page.getByRole('link', { name: 'Drills' }).getAttribute('href'), '/drills?via=dc2');

    await page.goBack();
    await page.getByText(/Seen from .* of dc2/).waitFor();
    await page.goBack();
    await page.getByText(/Seen from .* of dc1/).waitFor();

    await open('/drills/orders?via=dc2');
    await page.locator('.identity').getByText('dc2 of acme').waitFor();
    await page.locator('.identity').getByText('You are viewer').waitFor();
    const drain = page.getByRole('button', { name: 'Drain a cluster' });
    t.is(await drain.getAttribute('aria-disabled'), 'true');
    await drain.focus();
    await page
      .getByText('Takes the role operator; you are viewer at dc2.')
      .filter({ visible: true })
      .waitFor();
    await page.keyboard.press('Enter');
    t.is(await page.getByRole('dialog').count(), 0);

    await page.goto(`${door.origin}/services?via=nowhere`);
    await page.getByRole('status').getByText('nowhere').waitFor();
    await page.getByLabel('Seen from').selectOption('');
    await page.locator('.identity').getByText('dc1 of acme').waitFor();
    t.false(page.url().includes('via='));
    t.deepEqual(complaints, []);
  },
);

/** Goes to a link or a button by Tab, and presses it. */
async function follow(page: Page, name: string): Promise<void> {
  // A page that is drawn anew meanwhile may have moved the focus.
  do await tabTo(page, name);
  while ((await focusedName(page)) !== name);
  await page.keyboard.press('Enter');
}

/** The one that the first test ran. */
async function firstDrill(): Promise<Pick<Drill, 'id'>> {
  const [first] = await clusters.dc1.gateway.items<Drill>('/v1/drills');
  if (first === undefined) throw new Error('no drill was run');
  return first;
}
