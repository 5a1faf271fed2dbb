/** Owns `isthmus registry migrate`: a federation's lasting records from the registry that its gateways use into another one, while all goes on. */
import { IsthmusError } from '../../core/errors.ts';
import { type GatewayConfig, loadConfig } from '../../gateway/control/config/config.ts';
import { keptOf } from '../../registry/backup/kept.ts';
import { writeRecords } from '../../registry/backup/write.ts';
import type { Cli } from '../cli.ts';
import { printable } from '../terminal.ts';
import { choiceOption, type Verb } from '../verb.ts';
import { outcomeText } from './backup.ts';
import { type EtcdFlags, etcdOptions } from './etcd-access.ts';
import { type MigrationTarget, openOwn } from './own-registry.ts';
import { type OpenedRegistry, openAsGateway, openEtcd } from './registry-access.ts';

const kinds = ['etcd', 'embedded'] as const;

interface MigrateOptions extends EtcdFlags {
  readonly config: string;
  readonly to: (typeof kinds)[number];
  readonly dryRun?: true;
  readonly force?: true;
}

export function migrateVerb(registry: Verb, cli: Cli): void {
  const verb = registry
    .command('migrate')
    .description(
      'Copy the records of the federation into an etcd, or into the embedded registry of a gateway, and read each again; gateways move there when they are told to.',
    )
    .addOption(
      choiceOption(
        '--to <kind>',
        'Kind of registry: an etcd, which the options name; or embedded, that of the gateway on this machine.',
        kinds,
      ).makeOptionMandatory(),
    )
    .option(
      '--force',
      'Replace what is there and differs: only before the first gateway has moved.',
    )
    .option('--dry-run', 'Only count what would be copied.')
    .examples(
      [
        'isthmus registry migrate -c gateway.yaml --to etcd --endpoints https://etcd-1:2379 --ca etcd-ca.pem --user root --password-file root.password',
        'into an etcd, from an embedded registry or another etcd, on the machine of any gateway',
      ],
      [
        'isthmus registry migrate -c gateway.yaml --to embedded',
        'out of the etcd of the configuration, or of the embedded registry of another gateway, on the machine of the one that is to be the host',
      ],
    );
  etcdOptions(verb, { config: 'required' }).action((options: MigrateOptions) =>
    migrate(cli, options),
  );
}

async function migrate(cli: Cli, options: MigrateOptions): Promise<void> {
  const { to, dryRun = false, force = false } = options;
  const config = await loadConfig(options.config);
  const source = await openSource(cli, config, options);
  try {
    const target = await openTarget(cli, config, options);
    try {
      const { federation } = source;
      const { values } = await keptOf(source.store, federation);
      const outcome = await writeRecords(values, { store: target.store, dryRun, replace: force });
      cli.print({ from: source.name, to: target.name, dryRun, ...outcome }, () =>
        printable(
          `${dryRun ? 'would copy' : 'copied'} ${federation} from ${source.name} to ${target.name}: ${outcomeText(outcome)}`,
        ),
      );
      if (!dryRun) cli.note(nextSteps[to]);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

const nextSteps: Readonly<Record<(typeof kinds)[number], string>> = {
  etcd: 'Gateways use it once `registry.etcd` is in their configuration and they were restarted: those of other clusters first, one that hosts an embedded registry last.',
  embedded:
    'Gateways use it once it is in their configuration and they were restarted: `registry.embedded` at this gateway, first, then `registry.host` at all others; this one says that too, where another gateway hosted it before.',
};

async function openSource(
  cli: Cli,
  config: GatewayConfig,
  options: MigrateOptions,
): Promise<OpenedRegistry> {
  const isEtcd = options.endpoints !== undefined || config.registry?.etcd !== undefined;
  if (options.to === 'embedded' && isEtcd) return openEtcd(cli, options, config.federation);
  const source = await openAsGateway(config);
  if (source.kind === 'embedded' || options.endpoints !== undefined) return source;
  await source.close();
  throw new IsthmusError('USAGE', {
    what: 'It is not said to which etcd: that of the configuration is where the records are',
    where: '--endpoints',
    fix: 'Name the etcd to copy to: --endpoints, and what it wants (--ca, --user, --password-file).',
  });
}

function openTarget(
  cli: Cli,
  config: GatewayConfig,
  options: MigrateOptions,
): Promise<MigrationTarget> {
  const { to, dryRun = false, force = false } = options;
  return to === 'etcd'
    ? openEtcd(cli, options, config.federation)
    : openOwn(config, { dryRun, force });
}
