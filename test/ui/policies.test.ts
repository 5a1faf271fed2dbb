/** Specifies policies in a real browser over two real clusters: made in the editor with its mistakes shown, in force, changed by two at once, deleted. */
import test from 'ava';
import type { Browser, Page } from 'playwright-core';
import { adminRequest } from '../support/admin-request.ts';
import { type Cluster, federate } from '../support/federation.ts';
import { sharedScope } from '../support/shared.ts';
import { until } from '../support/until.ts';
import { accessibilityFaults, openUi, startBrowser } from './browser.ts';
import { focusedName, tabTo } from './keys.ts';

const scope = sharedScope(test);
const path = '/v1/rate-limits/shop/few';
let browser: Browser;
let dc1: Cluster;

test.before(async () => {
  const config = { workers: 1 };
  ({ dc1 } = await federate(scope, { dc1: { config }, dc2: { instances: 0, config } }));
  browser = await startBrowser(scope);
});

const text = (spec: string) =>
  `apiVersion: isthmus/v1\nkind: RateLimit\nmetadata:\n  name: few\n  namespace: shop\nspec:\n${spec}`;

function editorOf(page: Page) {
  return {
    field: page.getByLabel('Policy as YAML'),
    effect: page.getByRole('region', { name: 'What saving it does' }),
    save: page.getByRole('button', { name: /^(Make|Save) the policy$/ }),
  };
}

test.serial(
  'a rate limit is begun from its schema, its mistake is shown at its line, and mended it is made and in force',
  async (t) => {
    const { page, open, complaints } = await openUi(t, browser, dc1);
    await open('/policies');
    await page.getByText('No policy is written.').waitFor();
    await page.getByRole('link', { name: 'New policy' }).click();
    const { field, effect, save } = editorOf(page);
    await page.getByLabel('Kind').selectOption('RateLimit');
    await until('the skeleton', async () => /^ {2}requests: 1$/m.test(await field.inputValue()));
    await effect.getByText('Saving it makes a new policy.').waitFor();

    await field.fill(text('  requests: 1\n').replace('shop', 'shop\n  scope: federation'));
    await effect.getByText('is edited as one of the cluster').waitFor();

    await field.fill(text('  requests: 1\n  per: 24h\n  target:\n    servce: orders\n'));
    await effect.getByText('There is no key "servce" in spec.target').waitFor();
    await effect.getByText('Did you mean "service"?').waitFor();
    t.is((await page.locator('.code-line-faulty').textContent())?.trim(), '10');
    t.true(await save.isDisabled());
    t.is(await field.getAttribute('aria-invalid'), 'true');
    t.deepEqual(await accessibilityFaults(page), [], 'the editor with a mistake');
    await effect.getByRole('button', { name: 'Line 10, column 5' }).click();
    t.is(await focusedName(page), 'Policy as YAML', 'the caret is where the mistake is');
    await page.keyboard.press('Shift+End');
    await page.keyboard.type('service: orders');
    await effect.getByText('Saving it makes a new policy.').waitFor();
    await effect.getByText('in force', { exact: true }).waitFor();
    await tabTo(page, 'Make the policy');
    await page.keyboard.press('Enter');

    await page.getByRole('heading', { level: 1, name: 'shop/few' }).waitFor();
    t.is(new URL(page.url()).pathname, '/policies/cluster/RateLimit/shop/few');
    const standing = page.getByRole('region', { name: 'What comes of it' });
    await standing.getByText('in force', { exact: true }).waitFor();
    await standing.getByText('orders.shop').waitFor();
    await page.getByRole('region', { name: 'What it says' }).getByText('per: 24h').waitFor();
    await until('the limit to hold', async () => {
      return (await dc1.gateway.request('orders.shop')).status === 429;
    });
    await standing.getByText(/^\d+ limited$/).waitFor();
    t.deepEqual(await accessibilityFaults(page), [], 'one policy');
    t.deepEqual(complaints, []);
  },
);

test.serial('the list follows changes, by kind and text, and leads to each policy', async (t) => {
  const { page, open } = await openUi(t, browser, dc1);
  await open('/policies');
  const row = page.getByRole('row', { name: /shop\/few/ });
  await row.getByText('in force', { exact: true }).waitFor();
  const put = { method: 'PUT', body: { exported: false } };
  await adminRequest(dc1.gateway, '/v1/service-exports/shop/nowhere', put);
  const other = page.getByRole('row', { name: /shop\/nowhere/ });
  await other.getByText('No cluster has a service nowhere.shop so far').waitFor();
  t.deepEqual(await accessibilityFaults(page), [], 'the list, with a warning');
  await page.getByLabel('Kind').selectOption('ServiceExport');
  await row.waitFor({ state: 'detached' });
  t.is(new URL(page.url()).search, '?kind=ServiceExport');
  await page.getByLabel('Kind').selectOption('');
  await page.keyboard.press('Escape');
  await page.locator('h1').click();
  await page.keyboard.press('/');
  await page.keyboard.type('kind:ratelimit few');
  await other.waitFor({ state: 'detached' });
  await adminRequest(dc1.gateway, '/v1/service-exports/shop/nowhere', { method: 'DELETE' });
  await page.keyboard.press('Escape');
  await page.locator('h1').click();
  await page.keyboard.press('j');
  t.is(await focusedName(page), 'shop/few');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'shop/few' }).waitFor();
});

test.serial(
  'who edits what another has changed meanwhile is told so, loses nothing typed, and saves over nobody',
  async (t) => {
    const { page, open } = await openUi(t, browser, dc1);
    await open('/policies/cluster/RateLimit/shop/few/edit');
    const { field, effect, save } = editorOf(page);
    await field.waitFor();
    const mine = text('  requests: 7\n  per: 24h\n  target:\n    service: orders\n');
    await field.fill(mine);
    await effect.getByText('Saving it changes the policy.').waitFor();
    await effect.getByText('+requests: 7').waitFor();
    const requests = page.getByRole('region', { name: 'What becomes of requests' });
    await requests.getByText(/^Of \d+ requests, .+ would end otherwise\.$/).waitFor();
    await requests.getByText('orders.shop in dc1').first().waitFor();

    const theirs = { requests: 9, per: '24h', target: { service: 'orders' } };
    await adminRequest(dc1.gateway, `${path}?set=web`, { method: 'PUT', body: theirs });
    await page
      .getByRole('alert')
      .getByText(/Changed meanwhile by/)
      .waitFor();
    await save.click();
    await page.getByRole('alert').getByText('PRECONDITION_FAILED').waitFor();
    t.is(await field.inputValue(), mine);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      t.deepEqual(await accessibilityFaults(page, 'colours'), [], `a conflict, ${colorScheme}`);
    }
    t.like((await adminRequest(dc1.gateway, path)).json, { requests: 9, set: 'web' });

    await page.getByRole('button', { name: 'Load it as it is now' }).click();
    await until('theirs', async () => (await field.inputValue()).includes('requests: 9'));
    await field.fill(mine);
    await effect.getByText('+requests: 7').waitFor();
    await save.click();
    await page.getByRole('heading', { level: 2, name: 'What comes of it' }).waitFor();
    const { json } = await adminRequest(dc1.gateway, path);
    t.like(json, { requests: 7, set: 'web' }, 'it is of its set as before');
  },
);

test.serial(
  'a document that names another policy is neither saved as an edit of this one, nor a new one over one there is',
  async (t) => {
    const { page, open } = await openUi(t, browser, dc1);
    await open('/policies/cluster/RateLimit/shop/few/edit');
    const { field, save } = editorOf(page);
    await field.fill(text('  requests: 7\n').replace('name: few', 'name: other'));
    await page.getByText('This names another policy').waitFor();
    t.true(await save.isDisabled());
  },
);

test.serial('a viewer sees policies and what would be, and may save none', async (t) => {
  const { page, open } = await openUi(t, browser, dc1);
  await open('/policies/new?kind=RateLimit&via=dc2');
  await page.getByText('You are viewer').waitFor();
  const { field, effect, save } = editorOf(page);
  await field.fill(text('  requests: 7\n'));
  await effect.getByText('Saving it makes a new policy.').waitFor();
  t.is(await save.getAttribute('aria-disabled'), 'true');
  await save.focus();
  await page.getByText('Takes the role operator; you are viewer at dc2.').waitFor();
});

test.serial(
  'deleting asks once more, and then the policy is gone from the list and the gateway',
  async (t) => {
    const { page, open } = await openUi(t, browser, dc1);
    await open('/policies/cluster/RateLimit/shop/few');
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete it?' });
    await dialog.getByRole('button', { name: 'Keep it' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await dialog.getByRole('button', { name: 'Delete the policy' }).click();
    await page.getByText('No policy is written.').waitFor();
    t.is((await adminRequest(dc1.gateway, path)).status, 404);
  },
);
