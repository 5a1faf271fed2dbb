/** Owns what a command proves itself with: a token from a file or the environment, and PEM files. */
import { readFile } from 'node:fs/promises';
import { IsthmusError, messageOf } from '../../core/errors.ts';
import type { Credentials } from './admin-client.ts';

/** Paths, as the flags name them. */
interface Named {
  readonly adminTokenFile?: string | undefined;
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** Reads them. The token is `ISTHMUS_ADMIN_TOKEN` where no file is named. Throws FILE_UNREADABLE. */
export async function findCredentials(
  { adminTokenFile, ca, cert, key }: Named,
  env: NodeJS.ProcessEnv,
): Promise<Credentials> {
  const token =
    adminTokenFile === undefined ? env['ISTHMUS_ADMIN_TOKEN'] : await read(adminTokenFile);
  return {
    token: token?.trim() || undefined,
    ca: ca && (await read(ca)),
    cert: cert && (await read(cert)),
    key: key && (await read(key)),
  };
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new IsthmusError('FILE_UNREADABLE', { what: messageOf(cause), where: path, cause });
  }
}
