/** Owns where Terraform finds its provider without a registry: in a folder of plug-ins, under the address that configurations name. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { IsthmusError, messageOf } from '../core/errors.ts';

/**
 * The host is in a domain that nobody can own (ICANN reserved `internal` for private use in 2024): Terraform, where the plug-in is
 * missing, finds no other program by this name.
 */
export const providerSource = 'isthmus.internal/isthmus/isthmus';

/** What Terraform starts. By the name of a provider it is one. */
const launcher = fileURLToPath(new URL('../bin/isthmus', import.meta.url));

const platforms: Readonly<Record<string, string>> = { win32: 'windows' };
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/** The folder of plug-ins of one configuration, or of all that this user runs. */
export function pluginFolder(configuration: string | undefined, env: NodeJS.ProcessEnv): string {
  return configuration === undefined
    ? join(env['HOME'] || homedir(), '.terraform.d/plugins')
    : resolve(configuration, 'terraform.d/plugins');
}

/**
 * Links this installation's provider into a folder of plug-ins, as `version`; links of it as other versions go, for they would lead to
 * this one. Resolves to the link. Throws FILE_UNREADABLE where there is no launcher, and FILE_UNWRITABLE.
 */
export async function linkProvider(plugins: string, version: string): Promise<string> {
  if (!existsSync(launcher)) {
    throw new IsthmusError('FILE_UNREADABLE', {
      what: 'This installation has no launcher that Terraform could start',
      where: launcher,
      fix: 'Install Isthmus as a package; the single file has no provider in it.',
    });
  }
  const versions = join(plugins, providerSource);
  const link = join(versions, version, platformName(), `terraform-provider-isthmus_v${version}`);
  const fresh = `${link}.${process.pid}`;
  try {
    await mkdir(dirname(link), { recursive: true });
    await symlink(launcher, fresh);
    await rename(fresh, link);
    await removeOthers(versions, version);
    return link;
  } catch (cause) {
    throw new IsthmusError('FILE_UNWRITABLE', { what: messageOf(cause), where: link, cause });
  }
}

function platformName(): string {
  const { platform, arch } = process;
  return `${platforms[platform] ?? platform}_${architectures[arch] ?? arch}`;
}

async function removeOthers(versions: string, version: string): Promise<void> {
  for (const other of await readdir(versions)) {
    if (other === version) continue;
    const link = join(versions, other, platformName(), `terraform-provider-isthmus_v${other}`);
    const target = await readlink(link).catch(() => undefined);
    if (target === launcher) await rm(join(versions, other), { recursive: true });
  }
}
