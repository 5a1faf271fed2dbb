/** Owns how a command finds an etcd and proves itself there: by flags, by a gateway's configuration, or by both, flags first. */
import { resolve } from 'node:path';
import { Option } from 'commander';
import { systemClock } from '../../core/clock.ts';
import { IsthmusError } from '../../core/errors.ts';
import { silentLog } from '../../core/log.ts';
import { type GatewayConfig, loadConfig } from '../../gateway/control/config/config.ts';
import { etcdSchema } from '../../gateway/control/config/registry.ts';
import { EtcdCredentials } from '../../gateway/control/membership/etcd-credentials.ts';
import type { EtcdUser } from '../../registry/etcd-login.ts';
import type { RegistryTls } from '../../registry/etcd-tls.ts';
import type { Cli } from '../cli.ts';
import type { Verb } from '../verb.ts';

export interface EtcdFlags {
  readonly config?: string;
  readonly endpoints?: string;
  readonly user?: string;
  readonly passwordFile?: string;
  readonly serverName?: string;
}

export interface EtcdAccess {
  readonly endpoints: readonly string[];
  readonly tls?: RegistryTls;
  readonly user?: () => Promise<EtcdUser>;
  /** The gateway's configuration, where one was named. */
  readonly config?: GatewayConfig;
}

/** Gives a verb the options by which an etcd is named; `--ca`, `--cert` and `--key` all verbs have. */
export function etcdOptions(verb: Verb, { config = 'optional' } = {}): Verb {
  const file = new Option(
    '-c, --config <file>',
    'Configuration of a gateway, for what is not given here.',
  );
  return verb
    .addOption(file.makeOptionMandatory(config === 'required'))
    .option('--endpoints <urls>', 'Of etcd: https://host:port, several with commas between.')
    .option('--user <name>', "One of etcd's users.")
    .option('--password-file <file>', 'File with the password of that user.')
    .option('--server-name <name>', "Name to expect in etcd's certificate; default the host.");
}

/** Reads what is needed. Throws USAGE, FILE_UNREADABLE, CERT_INVALID or what reading a configuration throws. */
export async function etcdAccess(cli: Cli, flags: EtcdFlags): Promise<EtcdAccess> {
  const config = flags.config === undefined ? undefined : await loadConfig(flags.config);
  const {
    success,
    data: etcd,
    error,
  } = etcdSchema.safeParse({
    ...config?.registry?.etcd,
    // Was read from a duration already, and is nothing to a command.
    compactAfter: undefined,
    ...given(cli, flags),
  });
  if (!success) {
    throw new IsthmusError('USAGE', {
      what: `It is not said which etcd: ${error.issues[0]?.message}`,
      where:
        error.issues[0]?.path[0] === 'endpoints'
          ? '--endpoints'
          : '--ca, --cert, --key, --user, --password-file',
      fix: 'Give --endpoints, or -c with the configuration of a gateway whose registry is an etcd.',
    });
  }
  const baseDir = config?.baseDir ?? process.cwd();
  const credentials = await EtcdCredentials.open({
    etcd,
    baseDir,
    clock: systemClock,
    log: silentLog,
  });
  const { tls, user } = credentials;
  return {
    endpoints: etcd.endpoints,
    ...(tls && { tls }),
    ...(user && { user }),
    ...(config && { config }),
  };
}

/** Paths that were typed are relative to where they were typed. */
function given(cli: Cli, { endpoints, user, passwordFile, serverName }: EtcdFlags) {
  const { ca, cert, key } = cli.tlsFiles;
  const path = (name: string, file: string | undefined) => file && { [name]: resolve(file) };
  return {
    ...(endpoints !== undefined && { endpoints: endpoints.split(',') }),
    ...(user !== undefined && { username: user }),
    ...(serverName !== undefined && { serverName }),
    ...path('passwordFile', passwordFile),
    ...path('ca', ca),
    ...path('cert', cert),
    ...path('key', key),
  };
}
