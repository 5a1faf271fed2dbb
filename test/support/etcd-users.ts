/** Owns etcds with users in tests: root, and a user for each cluster, whose tokens are of either kind. */
import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { type EtcdProcess, type EtcdTls, startEtcd } from './etcd.ts';
import { type Etcdctl, etcdctl } from './etcdctl.ts';
import { tempDir } from './temp-dir.ts';

type TokenKind = 'simple' | 'jwt';

interface EtcdWithUsers {
  readonly etcd: EtcdProcess;
  /** Runs as root. */
  readonly run: Etcdctl;
  /** Adds a user whose password is its name, with a role of that name that may read and write below `prefixes`. */
  addUser(name: string, ...prefixes: readonly string[]): Promise<void>;
}

const root = 'root:pw';

export async function startEtcdWithUsers(
  t: Pick<ExecutionContext, 'teardown'>,
  tokens: TokenKind,
  options: { readonly args?: readonly string[]; readonly tls?: EtcdTls } = {},
  flags: readonly string[] = [],
): Promise<EtcdWithUsers> {
  const { args = [], tls } = options;
  const etcd = await startEtcd(t, [...args, ...(await tokenArgs(t, tokens))], tls);
  const open = etcdctl(t, etcd.endpoint, flags);
  await open('user', 'add', root);
  await open('user', 'grant-role', 'root', 'root');
  await open('auth', 'enable');
  const run = etcdctl(t, etcd.endpoint, [...flags, '--user', root]);
  return {
    etcd,
    run,
    async addUser(name, ...prefixes) {
      await run('user', 'add', `${name}:${name}`);
      await run('role', 'add', name);
      for (const prefix of prefixes) {
        await run('role', 'grant-permission', name, 'readwrite', '--prefix', prefix);
      }
      await run('user', 'grant-role', name, name);
    },
  };
}

/** How an etcd is told to make tokens of a kind. */
export async function tokenArgs(t: Pick<ExecutionContext, 'teardown'>, tokens: TokenKind) {
  if (tokens === 'simple') return [];
  const dir = await tempDir(t);
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const [pub, priv] = [join(dir, 'public.pem'), join(dir, 'private.pem')];
  await writeFile(pub, publicKey);
  await writeFile(priv, privateKey);
  return ['--auth-token', `jwt,pub-key=${pub},priv-key=${priv},sign-method=RS256,ttl=10m`];
}
