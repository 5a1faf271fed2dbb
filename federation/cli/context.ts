/** Owns which gateway a command talks to: a flag, else the environment, else the current context, else this machine's. */
import { asIsthmusError, IsthmusError } from '../../core/errors.ts';
import { closest } from '../../core/suggest.ts';
import { type AdminAddress, defaultAdmin, parseAdminAddress } from './admin-address.ts';
import { type ConfigFile, configPath, readConfigFile } from './config-file.ts';

/** What may name a gateway, strongest first; an address and a name from the same place: the address. */
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
      return contextAdmin(await readConfigFile(path), context, path);
    }
  }
  const path = configPath(env);
  const file = await readConfigFile(path);
  return file.current === undefined
    ? parseAdminAddress(defaultAdmin)
    : contextAdmin(file, file.current, path);
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
