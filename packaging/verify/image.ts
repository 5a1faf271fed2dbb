/** Owns verifying the OCI image: unpacked by its own manifest, and run as it says, in namespaces, on a root file system that can't be written. */
import { spawn } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, expect, quiet, shown } from './programs.ts';

/** What an image's configuration says of how it is run. */
interface ImageConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
}

const configuration = 'cluster: dc1\nfederation: acme\nregion: us-east\ndata: /var/lib/isthmus\n';

export async function verifyImage(archive: string, dir: string): Promise<void> {
  const root = join(dir, 'root');
  const config = await unpack(archive, join(dir, 'layout'), root);
  process.stdout.write(`${JSON.stringify(config)}\n`);
  expect(/^[1-9]\d*:[1-9]\d*$/.test(config.User), 'it says that it is not root, in numbers');
  await shown('find', root, '-type', 'f', '-printf', '%m %U:%G %s %P\\n');
  await quiet('sh', '-c', `printf '${configuration}' > ${root}/etc/isthmus/gateway.yaml`);

  const [user] = config.User.split(':');
  const command = [...config.Entrypoint, ...config.Cmd].map((word) => `'${word}'`).join(' ');
  const env = config.Env.map((word) => `'${word}'`).join(' ');
  const chroot = `env -i ${env} /usr/sbin/chroot --userspec=${config.User} ${root}`;
  const script = `set -e
    ip link set lo up
    mount --bind ${root} ${root}
    mkdir -p ${root}/proc; mount -t proc proc ${root}/proc
    mount -t tmpfs -o mode=0700,uid=${user} tmpfs ${root}/var/lib/isthmus
    mount -o remount,bind,ro ${root}
    exec ${chroot} ${command}`;
  const child = spawn(
    'unshare',
    ['--mount', '--net', '--ipc', '--uts', '--pid', '--fork', '--kill-child', 'sh', '-c', script],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  try {
    const pid = await eventually('it to begin', async () => {
      expect(child.exitCode === null, 'it goes on');
      const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8');
      return children.trim() || undefined;
    });
    const within = ['--target', pid, '--mount', '--net', '--pid', '--', 'sh', '-c'];
    const status = await eventually('its own health check to be content', () =>
      quiet('nsenter', ...within, `${chroot} isthmus status`),
    );
    process.stdout.write(`$ isthmus status\n${status}`);
    const refused = await quiet('nsenter', ...within, `touch ${root}/usr/written 2>&1 || true`);
    expect(refused.includes('Read-only file system'), 'its root file system is not written');
  } finally {
    child.kill('SIGKILL');
  }
}

async function unpack(archive: string, layout: string, root: string): Promise<ImageConfig> {
  await mkdir(layout);
  await mkdir(root);
  await quiet('tar', '-xf', archive, '-C', layout);
  const blob = (digest: string) => join(layout, 'blobs', digest.replace(':', '/'));
  const json = async (path: string) => JSON.parse(await readFile(path, 'utf8'));
  const index = await json(join(layout, 'index.json'));
  const manifest = await json(blob(index.manifests[0].digest));
  for (const { digest } of manifest.layers) {
    await quiet('tar', '--numeric-owner', '-xpf', blob(digest), '-C', root);
  }
  return (await json(blob(manifest.config.digest))).config;
}
