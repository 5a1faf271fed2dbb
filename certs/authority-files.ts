/**
 * Owns the files of a certificate authority: `ca.key` and `ca.crt`, the root that signs, founded once and refused when they are not as
 * they were; and once the root was changed, or where an enterprise's authority signed it, `roots.json`, which counts, and which those two are brought in line with.
 */
import { createPrivateKey, generateKeyPair, type KeyObject, X509Certificate } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { IsthmusError, messageOf } from '../core/errors.ts';
import { readFileIfAny, readSecret, writeFileAtomic } from '../core/files.ts';
import {
  type AuthorityState,
  decodeState,
  encodeState,
  type KeyedRoot,
  keyedRoots,
  stableState,
} from './authority-state.ts';
import { extensionsOf } from './extensions.ts';
import type { ParentAuthority } from './parent-authority.ts';
import type { TrustDomain } from './spiffe-id.ts';
import { keyPemOf, makeRoot, pemOf } from './x509.ts';

const generateKeys = promisify(generateKeyPair);
/** Permissions that nobody but the owner may have on the key file. */
const othersMask = 0o077;

/** What a root is made under; undefined: nothing, it signs itself. */
export type FindParent = () => Promise<ParentAuthority | undefined>;

/** Reads the authority kept in `dir`, or founds one there, at wall time `now`. Throws as `openAuthority` does. */
export async function openState(
  dir: string,
  trustDomain: TrustDomain,
  now: number,
  findParent?: FindParent,
): Promise<AuthorityState> {
  const changed = await readChanged(join(dir, 'roots.json'));
  if (changed === undefined) return openUnchanged(dir, trustDomain, now, findParent);
  for (const { root, key } of keyedRoots(changed)) {
    // One that does not sign may have expired: it is in the bundle for what it signed, and harms nobody.
    const at = root === changed.signing.root ? now : root.validFromDate.getTime();
    checkRoot(root, key, trustDomain, at, join(dir, 'roots.json'));
  }
  await mirror(dir, changed.signing);
  return changed;
}

/** Keeps a state: whoever opens the authority from now on finds it. Throws FILE_UNWRITABLE, and then the one before is kept. */
export async function keepState(dir: string, state: AuthorityState): Promise<void> {
  await writeFileAtomic(join(dir, 'roots.json'), encodeState(state), 0o600);
  await mirror(dir, state.signing);
}

/** Puts the root that signs where those look who know nothing of its changes: backups, and gateways of version 0.1. */
async function mirror(dir: string, { root, key }: KeyedRoot): Promise<void> {
  const pem = pemOf(root.raw);
  if ((await readFileIfAny(join(dir, 'ca.crt'))) === pem) return;
  await writeFileAtomic(join(dir, 'ca.key'), keyPemOf(key), 0o600);
  await writeFileAtomic(join(dir, 'ca.crt'), pem, 0o644);
}

interface NewRoot {
  readonly trustDomain: TrustDomain;
  /** Wall milliseconds. */
  readonly now: number;
  /** What signs it; undefined: itself. */
  readonly parent: ParentAuthority | undefined;
  /** The root whose successor it is. */
  readonly before?: X509Certificate;
}

/** A new root for a trust domain, with a key of its own. */
export async function newRoot(made: NewRoot): Promise<KeyedRoot> {
  const { privateKey: key } = await generateKeys('ec', { namedCurve: 'P-256' });
  return rootFor(key, made);
}

function rootFor(key: KeyObject, { trustDomain, now, parent, before }: NewRoot): KeyedRoot {
  // Of two roots in a bundle the one that begins later is the next one: so readers tell them apart.
  const notBefore = before && before.validFromDate.getTime() + 1_000;
  const made = makeRoot({ trustDomain, key, now, notBefore, issuer: parent });
  return { root: new X509Certificate(made), key, above: parent?.above ?? [] };
}

/** Reads the root kept in `dir`, or founds one there, at wall time `now`. Throws as `openAuthority` does. */
async function openUnchanged(
  dir: string,
  trustDomain: TrustDomain,
  now: number,
  findParent: FindParent | undefined,
): Promise<AuthorityState> {
  const keyPath = join(dir, 'ca.key');
  const certPath = join(dir, 'ca.crt');
  const stored = await readRoot(certPath);
  const parent = stored === undefined ? await findParent?.() : undefined;
  const key = (await readKey(keyPath)) ?? (await foundKey(dir, keyPath, stored !== undefined));
  // The key is written first, so one without a certificate is an interrupted founding, carried on here.
  const keyed = stored
    ? { root: stored, key, above: [] }
    : rootFor(key, { trustDomain, now, parent });
  checkRoot(keyed.root, key, trustDomain, now, certPath);
  const state = stableState(keyed);
  // What is above a root is for those whom it is shown: `ca.crt`, by which others are told whom to trust, has the root alone.
  if (parent !== undefined) await keepState(dir, state);
  else if (stored === undefined) await writeFileAtomic(certPath, pemOf(keyed.root.raw), 0o644);
  return state;
}

/** The state, where the root was changed. Throws KEY_UNREADABLE. */
async function readChanged(path: string): Promise<AuthorityState | undefined> {
  const text = await readPrivate(path);
  if (text === undefined) return undefined;
  try {
    return decodeState(text);
  } catch (cause) {
    throw new IsthmusError('KEY_UNREADABLE', {
      what: `Cannot read the cluster's roots: ${messageOf(cause)}`,
      where: path,
      fix: 'Restore it from a backup, or copy the folder from another gateway of the cluster.',
    });
  }
}

/** An authority as it is kept, PEM. It makes whoever has it the cluster: it goes to the cluster's own gateways only. */
export interface AuthorityFiles {
  readonly key: string;
  readonly root: string;
  /** All that there is of the roots, once they were changed; see `encodeState`. */
  readonly roots?: string | undefined;
}

/** Throws FILE_UNREADABLE. */
export async function readAuthorityFiles(dir: string): Promise<AuthorityFiles> {
  return {
    key: await readSecret(join(dir, 'ca.key')),
    root: await readSecret(join(dir, 'ca.crt')),
    roots: await readFileIfAny(join(dir, 'roots.json')),
  };
}

/**
 * Puts another authority in the place of the one kept in `dir`; the next start opens it. Whenever that is interrupted,
 * there is one of them, or none, never a mixture. Throws as `openAuthority` does for one that is no good.
 */
export async function replaceAuthority(
  dir: string,
  { key, root, roots }: AuthorityFiles,
  trustDomain: TrustDomain,
  now: number,
): Promise<void> {
  const next = `${dir}.next`;
  const before = `${dir}.before`;
  try {
    await rm(next, { recursive: true, force: true });
    await writeFileAtomic(join(next, 'ca.key'), key, 0o600);
    await writeFileAtomic(join(next, 'ca.crt'), root, 0o644);
    if (roots !== undefined) await writeFileAtomic(join(next, 'roots.json'), roots, 0o600);
    await openState(next, trustDomain, now);
    await rm(before, { recursive: true, force: true });
    await rename(dir, before);
    await rename(next, dir);
    await rm(before, { recursive: true, force: true });
  } catch (cause) {
    await rm(next, { recursive: true, force: true }).catch(() => {}); // The first failure is the one to tell.
    if (cause instanceof IsthmusError) throw cause;
    throw new IsthmusError('FILE_UNWRITABLE', { what: messageOf(cause), where: dir, cause });
  }
}

async function readKey(path: string): Promise<KeyObject | undefined> {
  const pem = await readPrivate(path);
  if (pem === undefined) return undefined;
  try {
    return parseKey(pem);
  } catch (cause) {
    throw unreadableKey(path, cause);
  }
}

/** A file for its owner's eyes alone; undefined when there is none. Throws KEY_UNREADABLE. */
async function readPrivate(path: string): Promise<string | undefined> {
  try {
    const file = await open(path);
    try {
      const { mode } = await file.stat();
      if (process.platform !== 'win32' && (mode & othersMask) !== 0) {
        throw new IsthmusError('KEY_UNREADABLE', {
          what: `The private key is open to others (mode ${(mode & 0o777).toString(8)}), so it is not used`,
          where: path,
          fix: `If nobody can have read it: chmod 600 ${path}`,
        });
      }
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    if (cause instanceof IsthmusError) throw cause;
    throw unreadableKey(path, cause);
  }
}

function unreadableKey(path: string, cause: unknown): IsthmusError {
  const what = `Cannot read the private key: ${messageOf(cause)}`;
  return new IsthmusError('KEY_UNREADABLE', { what, where: path, cause });
}

function parseKey(pem: string): KeyObject {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new Error('not a P-256 key');
  return key;
}

async function readRoot(path: string): Promise<X509Certificate | undefined> {
  try {
    return new X509Certificate(await readFile(path));
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw new IsthmusError('CERT_INVALID', {
      what: `Cannot read the root certificate: ${messageOf(cause)}`,
      where: path,
      cause,
    });
  }
}

async function foundKey(dir: string, path: string, hasRoot: boolean): Promise<KeyObject> {
  if (hasRoot) {
    throw new IsthmusError('KEY_UNREADABLE', {
      what: 'There is a root certificate but its private key has gone',
      where: path,
      fix: 'Restore the key from a backup. A new one would make a cluster that no other trusts.',
    });
  }
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new IsthmusError('FILE_UNWRITABLE', {
      what: `Cannot make the folder: ${messageOf(cause)}`,
      where: dir,
      cause,
    });
  }
  const { privateKey } = await generateKeys('ec', { namedCurve: 'P-256' });
  await writeFileAtomic(path, keyPemOf(privateKey), 0o600);
  return privateKey;
}

function checkRoot(
  root: X509Certificate,
  key: KeyObject,
  trustDomain: TrustDomain,
  now: number,
  path: string,
): void {
  const why = objectionToRoot(root, key, trustDomain, now);
  if (why === undefined) return;
  throw new IsthmusError('CERT_INVALID', {
    what: `The root certificate ${why}`,
    where: path,
    fix: 'Restore ca.crt and ca.key as they were, from the same backup.',
  });
}

function objectionToRoot(
  root: X509Certificate,
  key: KeyObject,
  trustDomain: TrustDomain,
  now: number,
): string | undefined {
  if (!root.checkPrivateKey(key)) return 'is not that of the private key beside it';
  const { ca, keyCertSign, uris } = extensionsOf(root);
  if (!ca || !keyCertSign) return 'is not that of a certificate authority';
  if (uris.length !== 1 || uris[0] !== `spiffe://${trustDomain}`) {
    return `is for ${uris.join(', ') || 'no trust domain'}, not for spiffe://${trustDomain}`;
  }
  if (now > root.validToDate.getTime()) return `expired at ${root.validToDate.toISOString()}`;
  return undefined;
}

function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
}
