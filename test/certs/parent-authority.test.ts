/** Specifies the enterprise's authority above a cluster's root: in which files it is read, what is refused of it, and what a root under it is. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openAuthority } from '../../certs/authority.ts';
import { readAuthorityFiles, replaceAuthority } from '../../certs/authority-files.ts';
import { type ParentFiles, readParentAuthority } from '../../certs/parent-authority.ts';
import { gatewayId, parseTrustDomain } from '../../certs/spiffe-id.ts';
import { fingerprintOf } from '../../certs/x509.ts';
import { systemClock } from '../../core/clock.ts';
import type { ErrorCode } from '../../core/error-codes.ts';
import { IsthmusError } from '../../core/errors.ts';
import { tempDir } from '../support/temp-dir.ts';
import {
  authority as asAuthority,
  Enterprise,
  type Kind,
  type Pair,
  password,
} from './enterprise-files.ts';

const dc1 = parseTrustDomain('dc1.acme');
const year = 366 * 24 * 3600_000;

function refused(t: ExecutionContext, code: ErrorCode, attempt: () => Promise<unknown>) {
  return t.throwsAsync(attempt(), { instanceOf: IsthmusError, code });
}

/** An authority of its own, at the top. */
async function top(t: ExecutionContext, kind: Kind, extensions = asAuthority) {
  const enterprise = await Enterprise.at(t);
  const pair = await enterprise.make({ name: 'root', kind, extensions });
  return { enterprise, pair, passwordFile: await enterprise.write('password', `${password}\n`) };
}

/** Reads it, and has it sign a root with which openssl, which knows the authority alone, verifies a leaf. */
async function signs(t: ExecutionContext, files: ParentFiles, anchor: Pair): Promise<void> {
  const dir = join(await tempDir(t), 'ca');
  const findParent = () => readParentAuthority(files, dc1, Date.now());
  const authority = await openAuthority({ dir, trustDomain: dc1, clock: systemClock, findParent });
  const leaf = await authority.issueLeaf({ id: gatewayId(dc1, 'g1'), dnsNames: ['dc1.acme'] });
  const enterprise = await Enterprise.at(t);
  const chain = await enterprise.write('chain.pem', leaf.chainPem);
  const own = await enterprise.write('leaf.pem', leaf.certPem);
  const args = ['verify', '-x509_strict', '-CAfile', anchor.certificate, '-untrusted', chain, own];
  t.is((await enterprise.openssl(...args)).trim(), `${own}: OK`);
}

for (const kind of ['RSA', 'P-256', 'P-384', 'P-521'] as const) {
  test(`an authority with a key of ${kind} signs a cluster's root, by which those who know the enterprise alone verify a gateway`, async (t) => {
    const { pair } = await top(t, kind);
    await signs(t, pair, pair);
  });
}

const legacy = ['-provider', 'legacy', '-provider', 'default'];
const secret = ['-passout', `pass:${password}`];

/** How openssl writes a key anew, of each kind of encryption. */
const encryptions: readonly (readonly [string, Kind, readonly string[]])[] = [
  ['PKCS#8, AES-256', 'RSA', ['pkcs8', '-topk8', '-v2', 'aes256']],
  ['PKCS#8, scrypt', 'P-384', ['pkcs8', '-topk8', '-scrypt']],
  ['PKCS#8, triple DES', 'P-384', ['pkcs8', '-topk8', '-v1', 'PBE-SHA1-3DES']],
  ['PKCS#8, RC2', 'RSA', ['pkcs8', '-topk8', '-v1', 'PBE-SHA1-RC2-40', ...legacy]],
  ['PKCS#8, RC2', 'P-384', ['pkcs8', '-topk8', '-v1', 'PBE-SHA1-RC2-40', ...legacy]],
  ['the oldest PEM, AES-128', 'RSA', ['rsa', '-traditional', '-aes128']],
  ['the oldest PEM, AES-128', 'P-384', ['ec', '-aes128']],
  ['the oldest PEM, single DES', 'RSA', ['rsa', '-traditional', '-des', ...legacy]],
];

for (const [how, kind, args] of encryptions) {
  test(`a key of ${kind} that is encrypted as ${how}, is read with its password, and refused with another or none`, async (t) => {
    const { enterprise, pair, passwordFile } = await top(t, kind);
    const key = enterprise.path('encrypted.pem');
    await enterprise.openssl(...args, '-in', pair.key, '-out', key, ...secret);
    const files = { certificate: pair.certificate, key };
    const read = (more: object) => readParentAuthority({ ...files, ...more }, dc1, Date.now());
    t.is((await read({ passwordFile })).key.asymmetricKeyType, kind === 'RSA' ? 'rsa' : 'ec');
    const wrong = await enterprise.write('wrong', 'horse');
    for (const more of [{ passwordFile: wrong }, {}]) {
      const error = await refused(t, 'KEY_PASSWORD_WRONG', () => read(more));
      t.is(error?.where, key);
    }
  });
}

const pkcs12s: readonly (readonly [string, Kind, Kind, readonly string[]])[] = [
  ['as openssl makes it today', 'RSA', 'RSA', []],
  ['as openssl makes it today', 'P-384', 'P-384', []],
  ['of an RSA authority that an EC one signed', 'RSA', 'P-256', []],
  ['with RC2 and triple DES, as Windows made it for long', 'RSA', 'RSA', ['-legacy']],
  ['with RC2 and triple DES, as Windows made it for long', 'P-384', 'RSA', ['-legacy']],
];

for (const [how, kind, above, more] of pkcs12s) {
  test(`PKCS#12 ${how}: ${kind} under ${above} is read with its password, and refused with another or none`, async (t) => {
    const { enterprise, pair: root, passwordFile } = await top(t, above);
    const issuing = await enterprise.make({ name: 'issuing', kind, issuer: root });
    const certificate = enterprise.path('authority.p12');
    await enterprise.openssl(
      ...['pkcs12', '-export', ...more, '-inkey', issuing.key, '-in', issuing.certificate],
      ...['-certfile', root.certificate, '-out', certificate, ...secret],
    );
    await signs(t, { certificate, passwordFile }, root);
    const wrong = await enterprise.write('wrong', 'horse');
    for (const other of [{ passwordFile: wrong }, {}]) {
      await refused(t, 'KEY_PASSWORD_WRONG', () =>
        readParentAuthority({ certificate, ...other }, dc1, Date.now()),
      );
    }
  });
}

test('a chain of authorities is shown with each certificate, but for the one at the top', async (t) => {
  const { enterprise, pair: root } = await top(t, 'RSA');
  const policy = await enterprise.make({ name: 'policy', kind: 'P-384', issuer: root });
  const issuing = await enterprise.make({ name: 'issuing', kind: 'P-256', issuer: policy });
  const certificate = await enterprise.chain('chain.crt', issuing, root, policy);
  const parent = await readParentAuthority({ certificate, key: issuing.key }, dc1, Date.now());
  t.deepEqual(
    parent.above.map(({ subject }) => subject),
    ['O=Corp\nCN=issuing', 'O=Corp\nCN=policy'],
  );
  await signs(t, { certificate, key: issuing.key }, root);
});

interface Refusal {
  readonly kind?: Kind;
  readonly extensions?: readonly string[];
  readonly at?: number;
  readonly code: ErrorCode;
  readonly what: RegExp;
}

const ca = 'basicConstraints=critical,CA:TRUE';
const usage = 'keyUsage=critical,keyCertSign,cRLSign';

const refusals: Readonly<Record<string, Refusal>> = {
  'whose key is Ed25519': { kind: 'Ed25519', code: 'PARENT_KEY_UNFIT', what: /ed25519/ },
  'whose RSA key is short': {
    kind: 'RSA of 1024 bits',
    ...{ code: 'PARENT_KEY_UNFIT', what: /1024 bits/ },
  },
  'that has expired': { at: year, code: 'PARENT_EXPIRED', what: /Corp.*expired at/ },
  'that is not valid yet': { at: -year, code: 'PARENT_EXPIRED', what: /is not valid before/ },
  'that is none': {
    extensions: ['basicConstraints=critical,CA:FALSE', 'keyUsage=digitalSignature'],
    ...{ code: 'PARENT_UNFIT', what: /is not a certificate authority/ },
  },
  'that may not sign certificates': {
    extensions: [ca, 'keyUsage=critical,cRLSign'],
    ...{ code: 'PARENT_UNFIT', what: /may not sign certificates/ },
  },
  'with a path length of 0': {
    extensions: [`${ca},pathlen:0`, usage],
    ...{ code: 'PARENT_UNFIT', what: /may not sign for that many below it/ },
  },
  'that is constrained to another trust domain': {
    extensions: [ca, usage, 'nameConstraints=critical,permitted;URI:dc2.acme'],
    ...{ code: 'PARENT_UNFIT', what: /constrained to names outside dc1\.acme/ },
  },
  'that is constrained not to name this trust domain': {
    extensions: [ca, usage, 'nameConstraints=critical,excluded;URI:.acme'],
    ...{ code: 'PARENT_UNFIT', what: /constrained not to name dc1\.acme/ },
  },
  'that is for servers only': {
    extensions: [ca, usage, 'extendedKeyUsage=serverAuth'],
    ...{ code: 'PARENT_UNFIT', what: /is not for both ends of TLS/ },
  },
};

for (const [which, { kind = 'P-256', extensions, at = 0, code, what }] of Object.entries(
  refusals,
)) {
  test(`an authority ${which} is refused, and no cluster is founded`, async (t) => {
    const { pair } = await top(t, kind, extensions === undefined ? undefined : [...extensions]);
    const dir = join(await tempDir(t), 'ca');
    const error = await refused(t, code, () =>
      openAuthority({
        ...{ dir, trustDomain: dc1, clock: systemClock },
        findParent: () => readParentAuthority(pair, dc1, Date.now() + at),
      }),
    );
    t.regex(error?.message ?? '', what);
    t.is(error?.where, pair.certificate);
    await t.throwsAsync(readFile(join(dir, 'ca.key')), { code: 'ENOENT' });
  });
}

test('an authority is refused with the key of another, by an authority above it that may not, or without a certificate', async (t) => {
  const { enterprise, pair } = await top(t, 'P-256', [`${ca},pathlen:1`, usage]);
  const issuing = await enterprise.make({ name: 'issuing', kind: 'P-256', issuer: pair });
  const read = (files: ParentFiles) => readParentAuthority(files, dc1, Date.now());
  const crossed = { certificate: pair.certificate, key: issuing.key };
  await refused(t, 'PARENT_KEY_MISMATCH', () => read(crossed));
  const certificate = await enterprise.chain('chain.crt', issuing, pair);
  await refused(t, 'PARENT_UNFIT', () => read({ certificate, key: issuing.key }));
  await refused(t, 'CERT_INVALID', () => read({ certificate: issuing.key }));
  await refused(t, 'KEY_UNREADABLE', () => read({ certificate }));
  const garbage = await enterprise.write('garbage', 'no certificate at all');
  await refused(t, 'CERT_INVALID', () => read({ certificate: garbage }));
});

test('roots change to the enterprise and back, and other gateways of the cluster take up what is above', async (t) => {
  const { pair } = await top(t, 'RSA');
  const findParent = () => readParentAuthority(pair, dc1, Date.now());
  const dir = join(await tempDir(t), 'ca');
  const given = join(await tempDir(t), 'ca');
  const options = { trustDomain: dc1, clock: systemClock };
  const authority = await openAuthority({ dir, ...options });
  const self = authority.root;
  await openAuthority({ dir: given, ...options });
  await replaceAuthority(given, await readAuthorityFiles(dir), dc1, Date.now());
  const sibling = await openAuthority({ dir: given, ...options });

  await authority.publish(findParent);
  await authority.signNext();
  await sibling.follow(authority.export());
  for (const one of [authority, sibling, await openAuthority({ dir, ...options })]) {
    t.is(one.root.issuer, 'O=Corp\nCN=root');
    t.is(one.bundle().roots.length, 2);
    t.deepEqual(
      one.bundle().roots.map(({ subject }) => subject),
      [self.subject, self.subject],
      'the bundle has roots of the cluster, never the enterprise’s',
    );
  }
  await authority.retire();
  await authority.publish();
  await authority.signNext();
  await authority.retire();
  t.is(authority.root.issuer, authority.root.subject);
  t.not(authority.keyId, fingerprintOf(self.raw));
});

test('an authority that can not be read when the root is changed changes nothing', async (t) => {
  const dir = join(await tempDir(t), 'ca');
  const authority = await openAuthority({ dir, trustDomain: dc1, clock: systemClock });
  const files = { certificate: join(dir, 'none.crt') };
  const publishing = authority.publish(() => readParentAuthority(files, dc1, Date.now()));
  await t.throwsAsync(publishing, { code: 'FILE_UNREADABLE' });
  t.is(authority.state.kind, 'stable');
});
