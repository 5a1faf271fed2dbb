/** Owns etcds with users in tests: root, and a user for each cluster, whose tokens are of either kind. */
import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { type EtcdMembers, type EtcdProcess, type EtcdTls, startEtcd, startEtcds } from './etcd.ts';
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
  { args = [] }: { readonly args?: readonly string[] } = {},
): Promise<EtcdWithUsers> {
  const etcd = await startEtcd(t, [...args, ...(await tokenArgs(t, tokens))]);
  const run = await askForUsers(t, [etcd.endpoint]);
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

/** As production has it: three members, TLS, users, and JWT that soon expire. `flags` are those of `etcdctl`, which runs as root. */
export async function startThreeWithUsers(
  t: Pick<ExecutionContext, 'teardown'>,
  tls: EtcdTls,
  flags: readonly string[],
): Promise<{ readonly etcd: EtcdMembers; readonly run: Etcdctl }> {
  const etcd = await startEtcds(t, 3, await tokenArgs(t, 'jwt', tokenSeconds), tls);
  return { etcd, run: await askForUsers(t, etcd.endpoints, flags) };
}

/** Adds an administrator, and has an etcd ask who calls from then on. */
async function askForUsers(
  t: Pick<ExecutionContext, 'teardown'>,
  endpoints: readonly string[],
  flags: readonly string[] = [],
): Promise<Etcdctl> {
  const all = endpoints.join(',');
  const open = etcdctl(t, all, flags);
  await open('user', 'add', root);
  await open('user', 'grant-role', 'root', 'root');
  await open('auth', 'enable');
  return etcdctl(t, all, [...flags, '--user', root]);
}

const tokenSeconds = 10;

export async function tokenArgs(
  t: Pick<ExecutionContext, 'teardown'>,
  tokens: TokenKind,
  seconds = 600,
) {
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
  return ['--auth-token', `jwt,pub-key=${pub},priv-key=${priv},sign-method=RS256,ttl=${seconds}s`];
}
