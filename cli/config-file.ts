/** Owns the command's own configuration file: which gateways it knows, by context name, and which is current. */
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { asIsthmusError } from '../core/errors.ts';
import { readFileIfAny, writeFileAtomic } from '../core/files.ts';
import { parseYaml } from '../core/yaml-file.ts';
import { parseAdminAddress } from './admin-address.ts';

/** Letters, digits, dots, hyphens and underscores, beginning with a letter or digit. */
const contextName = /^[A-Za-z0-9][\w.-]{0,62}$/;

const adminAddress = z.string().superRefine((text, issues) => {
  try {
    parseAdminAddress(text);
  } catch (thrown) {
    issues.addIssue({ code: 'custom', message: asIsthmusError(thrown).message });
  }
});

const schema = z
  .strictObject({
    /** The context used when neither a flag nor the environment names one. */
    current: z.string().optional(),
    contexts: z
      .record(
        z.string().regex(contextName, 'Use letters, digits, dots, hyphens and underscores'),
        z.strictObject({ admin: adminAddress }),
      )
      .default({}),
  })
  .refine((file) => file.current === undefined || file.current in file.contexts, {
    path: ['current'],
    message: 'there is no context of this name',
  });

export type ConfigFile = z.output<typeof schema>;

/** Reads the file; one that isn't there has no contexts. Throws FILE_UNREADABLE or CONFIG_*, at file:line:column. */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  return parseYaml(schema, (await readFileIfAny(path)) ?? '', path);
}

/** Sets (or with undefined removes) values by key path, keeping the user's comments and order. */
export async function editConfigFile(
  path: string,
  edits: readonly (readonly [keys: readonly string[], value: string | undefined])[],
): Promise<void> {
  const document = parseDocument((await readFileIfAny(path)) ?? '');
  for (const [keys, value] of edits) {
    if (value === undefined) document.deleteIn(keys);
    else document.setIn(keys, value);
  }
  const text = document.toString();
  parseYaml(schema, text, path);
  await writeFileAtomic(path, text);
}
