/** Specifies who one is in the UI: asked for a token, told when it is wrong, and shown what the role may not do. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { tempDir } from '../support/temp-dir.ts';
import { accessibilityFaults, startBrowser } from './browser.ts';
import { openLarge } from './large.ts';

test('a wrong token is said to be wrong and stays; with a right one the role is shown, and what it may not do', async (t) => {
  const dir = await tempDir(t);
  const secret = randomBytes(24).toString('base64');
  const tokenFile = join(dir, 'viewer.token');
  await writeFile(tokenFile, secret);
  const { origin } = await openLarge(t, {
    admin: { auth: { tokens: [{ name: 'on-call', role: 'viewer', tokenFile }] } },
  });
  const browser = await startBrowser(t);
  const page = await browser.newPage({ reducedMotion: 'reduce' });
  await page.goto(`${origin}/trust`);
  const dialog = page.getByRole('dialog', { name: 'Who are you?' });
  const field = dialog.getByLabel('Bearer token');
  await field.waitFor();
  t.is(await page.evaluate('document.activeElement.type'), 'password');
  await page.keyboard.type('not-one-of-this-gateway');
  await page.keyboard.press('Enter');
  await dialog.getByText('The token is not one of this API').waitFor();
  t.is(await field.inputValue(), 'not-one-of-this-gateway');
  t.is(await page.evaluate('sessionStorage.getItem("isthmus.token")'), null);
  await field.fill(secret);
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'hidden' });

  await page.getByText('You are viewer, on-call').waitFor();
  const invite = page.getByRole('button', { name: 'Invite a cluster' });
  t.is(await invite.getAttribute('aria-disabled'), 'true');
  await invite.focus();
  await page.getByText('Takes the role admin; you are viewer.').filter({ visible: true }).waitFor();
  await page.keyboard.press('Enter');
  t.is(await page.getByRole('dialog').count(), 0);
  t.deepEqual(await accessibilityFaults(page), []);
});
