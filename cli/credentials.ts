/** Owns the credentials of a command: a token from a file or the environment, and PEM files. */
import { readFile } from 'node:fs/promises';
import { IsthmusError, messageOf } from '../core/errors.ts';
import type { Credentials } from './admin-client.ts';

/** Paths, as the flags name them. */
interface Named {
  readonly adminTokenFile?: string | undefined;
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** Reads them. The token is `ISTHMUS_ADMIN_TOKEN` where no file is named. Throws FILE_UNREADABLE, or USAGE for a token that is none. */
export async function findCredentials(
  { adminTokenFile, ca, cert, key }: Named,
  env: NodeJS.ProcessEnv,
): Promise<Credentials> {
  const token =
    adminTokenFile === undefined ? env['ISTHMUS_ADMIN_TOKEN'] : await read(adminTokenFile);
  return {
    token: bearerToken(token, adminTokenFile ?? '$ISTHMUS_ADMIN_TOKEN'),
    ca: ca && (await read(ca)),
    cert: cert && (await read(cert)),
    key: key && (await read(key)),
  };
}

/** A token goes into a field of a request: one word of printable characters. Throws USAGE, naming `where`. */
export function bearerToken(text: string | undefined, where: string): string | undefined {
  const token = text?.trim() || undefined;
  if (token === undefined || /^[\x21-\x7e]+$/.test(token)) return token;
  throw new IsthmusError('USAGE', {
    what: 'The bearer token is none: it has spaces, lines or other characters that a token has not',
    where,
    fix: 'Name the file that holds the token alone.',
  });
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new IsthmusError('FILE_UNREADABLE', { what: messageOf(cause), where: path, cause });
  }
}
