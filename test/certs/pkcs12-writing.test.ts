/** Specifies PKCS#12 that is made here: what openssl, and the reader here, find in it. */
import { createPublicKey } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { readPkcs12 } from '../../certs/pkcs12.ts';
import { makePkcs12 } from '../../certs/pkcs12-writing.ts';
import { keyPemOf, pemOf } from '../../certs/x509.ts';
import { runOk } from '../support/programs.ts';
import { tempDir } from '../support/temp-dir.ts';
import { forge } from './forge.ts';

test('a key and its certificates are found in it again, with the password, and with nothing that is out of date', async (t) => {
  const authority = forge({ name: 'authority', ca: true });
  const { key, certificate } = forge({ name: 'alice', issuer: authority });
  const certificates = [certificate, authority.certificate];
  const password = 'pässword € long';
  const file = await makePkcs12({ key, certificates, name: 'Alice, Zürich', password });

  const read = await readPkcs12(file, password);
  t.deepEqual(createPublicKey(read.key), createPublicKey(key));
  t.deepEqual(
    read.certificates.map(({ raw }) => raw),
    certificates.map(({ raw }) => raw),
  );
  await t.throwsAsync(readPkcs12(file, 'another'), { code: 'KEY_PASSWORD_WRONG' });

  const path = join(await tempDir(t), 'alice.p12');
  await writeFile(path, file);
  const env = { PASSWORD: password };
  const openssl = (...args: readonly string[]) =>
    runOk('openssl', ['pkcs12', '-in', path, '-passin', 'env:PASSWORD', ...args], { env });
  const whole = await openssl('-nodes');
  for (const part of [...certificates.map(({ raw }) => pemOf(raw)), keyPemOf(key)]) {
    t.true(whole.includes(part));
  }
});
