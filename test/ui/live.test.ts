/** Specifies how the UI keeps up with a federation in a real browser: what dies, what can't be reached, what is refused. */
import test from 'ava';
import type { Browser } from 'playwright-core';
import { federate, standalone } from '../support/federation.ts';
import { sharedScope } from '../support/shared.ts';
import { openUi, startBrowser } from './browser.ts';

const scope = sharedScope(test);
let browser: Browser;

test.before(async () => {
  browser = await startBrowser(scope);
});

test.serial(
  'what dies is seen to die, and to come back, without a reload; of a cluster that is lost it is said that nobody knows',
  async (t) => {
    const { dc1, dc3 } = await federate(t, { dc1: { instances: 2 }, dc2: {}, dc3: {} });
    const { page, open, complaints } = await openUi(t, browser, dc1);
    await open('/services');
    const row = page.getByRole('row', { name: /orders\.shop/ });
    const here = row.getByRole('cell').nth(2);
    await here.getByText('2 of 2').waitFor();
    await page.evaluate(`window.sameRow = document.querySelector('tbody tr')`);
    await dc1.instances[0]?.kill();
    await here.getByText('1 of 2').waitFor();
    await dc1.instances[0]?.start();
    await here.getByText('2 of 2').waitFor();
    t.true(
      await page.evaluate(`window.sameRow === document.querySelector('tbody tr')`),
      'the row was updated in place',
    );

    await dc3.gateway.kill();
    const elsewhere = row.getByRole('listitem').filter({ hasText: 'dc3' });
    await elsewhere.getByText(/unknown for \d+ s/).waitFor();
    await elsewhere.getByText('? of 1').waitFor();
    const { stdout } = await dc1.gateway.isthmus(['get', 'services']);
    t.regex(stdout, /dc2 1\/1, dc3 \?\/1 \(unknown for/);
    await open('/');
    const worries = page.getByRole('region', { name: 'Needs attention' });
    await worries.getByText(/dc3 can't be reached for \d+ s/).waitFor();
    t.is(await worries.getByRole('listitem').count(), 1, 'one for all that is lost with it');
    const endpoints = page.locator('.figure').filter({ hasText: 'Endpoints' });
    await endpoints.getByText('healthy; 1 unknown').waitFor();
    t.deepEqual(complaints, []);
  },
);

test.serial(
  'a gateway that dies: the page says since when, greys what it shows, and lives again with it',
  async (t) => {
    const dc1 = await standalone(t, 'dc1');
    const { page, open } = await openUi(t, browser, dc1);
    await open('/services');
    await page.getByText('orders.shop', { exact: true }).waitFor();
    await dc1.gateway.kill();
    const banner = page.getByRole('status').filter({ hasText: 'What you see is from' });
    await banner.getByText(/\d\d:\d\d:\d\d/).waitFor();
    t.is(await page.locator('main').getAttribute('data-stale'), 'true');
    t.true(
      await page.getByText('orders.shop', { exact: true }).isVisible(),
      'what was known stays',
    );
    await dc1.start();
    await banner.waitFor({ state: 'detached' });
    t.is(await page.locator('main').getAttribute('data-stale'), 'false');
  },
);

test.serial(
  'a join that is refused says what, why and what to do, and keeps the token that was typed',
  async (t) => {
    const dc1 = await standalone(t, 'dc1');
    const { page, open } = await openUi(t, browser, dc1);
    await open('/trust');
    await page.getByRole('button', { name: 'Join a federation' }).click();
    const token = page.getByLabel('Join token');
    await token.fill('not a token');
    await page.getByRole('button', { name: 'Show what would change' }).click();
    const problem = page.getByRole('dialog').getByRole('alert');
    await problem.getByText('TOKEN_INVALID').waitFor();
    t.is(await token.inputValue(), 'not a token');

    await dc1.gateway.kill();
    await page.getByRole('button', { name: 'Show what would change' }).click();
    await problem.getByText('UNREACHABLE').waitFor();
    t.is(await token.inputValue(), 'not a token');
  },
);

test.serial(
  'a cluster joins by the UI alone: invited in one, confirmed in the other',
  async (t) => {
    const founder = await standalone(t, 'dc1', {
      registry: { embedded: { listen: '127.0.0.1:0' } },
    });
    const joiner = await standalone(t, 'dc2');
    const at1 = await openUi(t, browser, founder);
    await at1.open('/trust');
    await at1.page.getByRole('button', { name: 'Invite a cluster' }).click();
    await at1.page.getByRole('button', { name: 'Create the token' }).click();
    const token = await at1.page.getByLabel('Join token').inputValue();

    const at2 = await openUi(t, browser, joiner);
    await at2.open('/trust');
    await at2.page.getByRole('button', { name: 'Join a federation' }).click();
    await at2.page.getByLabel('Join token').fill(token);
    await at2.page.getByRole('button', { name: 'Show what would change' }).click();
    const dialog = at2.page.getByRole('dialog');
    await dialog.getByText('Would join').waitFor();
    await dialog.getByRole('button', { name: 'Join acme' }).click();
    await dialog.getByText('Joined').waitFor();
    await dialog.getByRole('button', { name: 'Done' }).click();
    await at2.page.getByRole('row', { name: /dc1/ }).getByText('up', { exact: true }).waitFor();
    t.deepEqual([...at1.complaints, ...at2.complaints], []);
  },
);

test.serial('an endpoint is registered and deregistered by the UI', async (t) => {
  const dc1 = await standalone(t, 'dc1');
  const { page, open } = await openUi(t, browser, dc1);
  await open('/services/orders.shop');
  await page.getByRole('button', { name: 'Register an endpoint' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Id').fill('By Hand');
  await dialog.getByLabel('Address').fill('127.0.0.1');
  await dialog.getByLabel('Port').fill('9');
  await dialog.getByLabel('Health check path').fill('');
  await dialog.getByRole('button', { name: 'Register' }).click();
  await dialog.getByText('NAME_INVALID').waitFor();
  t.is(await dialog.getByLabel('Port').inputValue(), '9', 'nothing typed is lost');
  await dialog.getByLabel('Id').fill('by-hand');
  await dialog.getByRole('button', { name: 'Register' }).click();
  const row = page.getByRole('row', { name: /by-hand/ });
  await row.getByRole('button', { name: 'Deregister by-hand' }).click();
  await row.waitFor({ state: 'detached' });
});
