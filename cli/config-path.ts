/** Owns where the command's own configuration file is. */
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where the file is: $ISTHMUS_CONFIG, else under $XDG_CONFIG_HOME, else under ~/.config. */
export function configPath(env: NodeJS.ProcessEnv): string {
  if (env['ISTHMUS_CONFIG']) return env['ISTHMUS_CONFIG'];
  const folder = env['XDG_CONFIG_HOME'] || join(env['HOME'] || homedir(), '.config');
  return join(folder, 'isthmus', 'config.yaml');
}
