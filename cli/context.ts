/** Owns which gateway a command talks to: a flag, else the environment, else the current context, else this machine's. */
import { existsSync } from 'node:fs';
import { asIsthmusError, IsthmusError } from '../core/errors.ts';
import { closest } from '../core/suggest.ts';
import { type AdminAddress, defaultAdmin, parseAdminAddress } from './admin-address.ts';
import type { ConfigFile } from './config-file.ts';
import { configPath } from './config-path.ts';

/** The flags and variables that name a gateway, strongest first; of an address and a name from the same place the address counts. */
interface Wanted {
  readonly admin?: string | undefined;
  readonly context?: string | undefined;
}

/** Finds the admin API. Throws CONTEXT_NOT_FOUND, CONFIG_* or FILE_UNREADABLE. */
export async function findAdmin(flags: Wanted, env: NodeJS.ProcessEnv): Promise<AdminAddress> {
  const places: readonly (readonly [where: string, wanted: Wanted])[] = [
    ['flag', flags],
    ['environment', { admin: env['ISTHMUS_ADMIN'], context: env['ISTHMUS_CONTEXT'] }],
  ];
  for (const [place, { admin, context }] of places) {
    if (admin) return parsedAt(admin, place === 'flag' ? '--admin' : '$ISTHMUS_ADMIN');
    if (context) {
      const path = configPath(env);
      return contextAdmin(await fileAt(path), context, path);
    }
  }
  const path = configPath(env);
  const file = await fileAt(path);
  return file.current === undefined
    ? parseAdminAddress(defaultAdmin)
    : contextAdmin(file, file.current, path);
}

/** A user without contexts does not wait for the YAML library to be loaded. */
async function fileAt(path: string): Promise<ConfigFile> {
  if (!existsSync(path)) return { contexts: {} };
  const { readConfigFile } = await import('./config-file.ts');
  return readConfigFile(path);
}

/** The context called `name`. Throws CONTEXT_NOT_FOUND, naming the nearest. */
export function contextAdmin(file: ConfigFile, name: string, path: string): AdminAddress {
  const found = Object.hasOwn(file.contexts, name) ? file.contexts[name] : undefined;
  if (found) return parseAdminAddress(found.admin);
  const near = closest(name, Object.keys(file.contexts));
  throw new IsthmusError('CONTEXT_NOT_FOUND', {
    what: `There is no context ${JSON.stringify(name)}`,
    where: path,
    fix: near === undefined ? 'See `isthmus context list`.' : `Did you mean ${near}?`,
  });
}

function parsedAt(text: string, where: string): AdminAddress {
  try {
    return parseAdminAddress(text);
  } catch (cause) {
    const { message, fix } = asIsthmusError(cause);
    throw new IsthmusError('USAGE', { what: message, where, fix, cause });
  }
}
