/** Owns what a provider block says: which gateway, with which credentials, and how patiently it is asked. */
import { readFile } from 'node:fs/promises';
import { parseAdminAddress } from '../../../cli/admin-address.ts';
import { AdminClient, type Credentials } from '../../../cli/admin-client.ts';
import { findAdmin } from '../../../cli/context.ts';
import { bearerToken } from '../../../cli/credentials.ts';
import { durationSchema } from '../../../core/duration.ts';
import { asIsthmusError, IsthmusError, messageOf } from '../../../core/errors.ts';
import { version } from '../../../core/version.ts';
import { type Diagnostic, diagnosticOf, Refusal } from '../diagnostics.ts';
import { log } from '../log.ts';
import type { Attribute, Attributes } from '../schema/attribute.ts';
import { unknown, type ValueMap } from '../values/value.ts';
import { Gateway } from './gateway.ts';

const defaultRetries = 4;
const defaultTimeout = '10s';

/** Each of these is a file's path or the text itself, as `hashicorp/consul` has them. */
const pems = {
  ca: "Authorities of the admin API's certificate, in place of the public ones",
  cert: 'Client certificate; needs `key_file` or `key_pem`',
  key: 'Key of the client certificate',
} as const;

export const configurationAttributes: Attributes = {
  address: optional(
    'Admin API of a gateway: `http://host:port`, `https://host:port` or `unix:/path`. Default `ISTHMUS_ADMIN`, else that of `context`, else `http://127.0.0.1:7001`',
  ),
  context: optional(
    'Context of the configuration file of the `isthmus` command. Default `ISTHMUS_CONTEXT`, else the current one',
  ),
  token: { ...optional('Bearer token. Default `ISTHMUS_ADMIN_TOKEN`'), sensitive: true },
  token_file: optional('File that holds the bearer token'),
  ...Object.fromEntries(
    Object.entries(pems).flatMap(([name, description]) => [
      [`${name}_file`, optional(`${description}: path of a PEM file`)],
      [`${name}_pem`, { ...optional(`${description}: PEM`), sensitive: name === 'key' }],
    ]),
  ),
  retries: {
    ...optional(
      `How often a request is sent again that failed for a reason that may pass, each time after a longer wait: 0.25 s at most, 0.5 s, 1 s and so on up to 4 s. Default \`${defaultRetries}\``,
    ),
    shape: { kind: 'number' },
  },
  timeout: optional(`Longest time for one answer. Default \`${defaultTimeout}\``),
};

function optional(description: string): Attribute {
  return { shape: { kind: 'string' }, setBy: 'optional', description };
}

/** Of each pair one at most. */
const pairs = [
  ['address', 'context'],
  ['token', 'token_file'],
  ['ca_file', 'ca_pem'],
  ['cert_file', 'cert_pem'],
  ['key_file', 'key_pem'],
] as const;

/** What is wrong in a provider block. Parts of it may be unknown. */
export function configurationFaults(config: ValueMap): readonly Diagnostic[] {
  const faults: Diagnostic[] = [];
  const fault = (name: string, detail: string) =>
    faults.push({ severity: 'error', summary: 'Invalid value', detail, at: [{ attribute: name }] });
  const has = (name: string) => config[name] !== null && config[name] !== undefined;
  for (const [one, other] of pairs) {
    if (has(one) && has(other)) fault(other, `Give ${one} or ${other}, not both.`);
  }
  const [hasCert, hasKey] = ['cert', 'key'].map(
    (name) => has(`${name}_file`) || has(`${name}_pem`),
  );
  if (hasCert && !hasKey)
    fault(
      has('cert_pem') ? 'cert_pem' : 'cert_file',
      'Its key is missing: give key_file or key_pem.',
    );
  const { address, retries, timeout } = config;
  if (typeof address === 'string') tell(() => parseAdminAddress(address), 'address', faults);
  if (
    typeof retries === 'number' &&
    !(Number.isInteger(retries) && retries >= 0 && retries <= 20)
  ) {
    fault('retries', 'Give a whole number from 0 to 20.');
  }
  const { error } = durationSchema.safeParse(
    typeof timeout === 'string' ? timeout : defaultTimeout,
  );
  if (error) fault('timeout', `${error.issues[0]?.message}.`);
  return faults;
}

function tell(parse: () => unknown, attribute: string, faults: Diagnostic[]): void {
  try {
    parse();
  } catch (thrown) {
    faults.push(diagnosticOf(asIsthmusError(thrown), [{ attribute }]));
  }
}

/** Finds the gateway; does not ask it anything yet, for it may be started by the same apply. Throws `Refusal` and coded errors. */
export async function connect(
  config: ValueMap,
  env: NodeJS.ProcessEnv,
  stopped: AbortSignal,
): Promise<Gateway> {
  const open = Object.keys(config).find((name) => config[name] === unknown);
  if (open !== undefined) {
    throw new Refusal({
      severity: 'error',
      summary: 'Gateway not known yet',
      detail: `${open} of the provider is known only after an apply. Apply first what it comes from (-target), or give a value that is known.`,
      at: [{ attribute: open }],
    });
  }
  const text = (name: string) => {
    const value = config[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const address = text('address');
  const admin =
    address === undefined
      ? await findAdmin({ context: text('context') }, env)
      : parseAdminAddress(address);
  const timeoutMs = durationSchema.parse(text('timeout') ?? defaultTimeout);
  const { retries } = config;
  return new Gateway(new AdminClient(admin, timeoutMs, await credentials(text, env)), {
    retries: typeof retries === 'number' ? retries : defaultRetries,
    version,
    random: Math.random,
    stopped,
    warn: (message) => log('warn', message),
  });
}

async function credentials(
  text: (name: string) => string | undefined,
  env: NodeJS.ProcessEnv,
): Promise<Credentials> {
  const [fromFile, ca, cert, key] = await Promise.all([
    textOrFile(text, 'token', 'token_file'),
    ...Object.keys(pems).map((name) => textOrFile(text, `${name}_pem`, `${name}_file`)),
  ]);
  const token = fromFile ?? env['ISTHMUS_ADMIN_TOKEN'];
  const where = fromFile === undefined ? '$ISTHMUS_ADMIN_TOKEN' : 'token';
  return { token: bearerToken(token, where), ca, cert, key };
}

async function textOrFile(
  text: (name: string) => string | undefined,
  own: string,
  file: string,
): Promise<string | undefined> {
  const path = text(file);
  if (path === undefined) return text(own);
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const error = new IsthmusError('FILE_UNREADABLE', { what: messageOf(cause), cause });
    throw new Refusal(diagnosticOf(error, [{ attribute: file }]));
  }
}
