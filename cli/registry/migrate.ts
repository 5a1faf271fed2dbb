/** Owns `isthmus registry migrate`: a federation's lasting records from the registry that a gateway uses into an etcd, while all goes on. */
import { systemClock } from '../../core/clock.ts';
import { silentLog } from '../../core/log.ts';
import { loadConfig } from '../../gateway/control/config/config.ts';
import { keptOf } from '../../registry/backup/kept.ts';
import { writeRecords } from '../../registry/backup/write.ts';
import { openEtcdStore } from '../../registry/etcd-store.ts';
import type { Cli } from '../cli.ts';
import { printable } from '../terminal.ts';
import { choiceOption, type Verb } from '../verb.ts';
import { outcomeText } from './backup.ts';
import { type EtcdFlags, etcdAccess, etcdOptions } from './etcd-access.ts';
import { openAsGateway } from './registry-access.ts';

interface MigrateOptions extends EtcdFlags {
  readonly config: string;
  readonly dryRun?: true;
  readonly force?: true;
}

export function migrateVerb(registry: Verb, cli: Cli): void {
  const verb = registry
    .command('migrate')
    .description(
      'Copy the records of the federation into an etcd, and read each again; gateways move there when they are told to.',
    )
    .addOption(choiceOption('--to <kind>', 'Kind of registry.', ['etcd']).makeOptionMandatory())
    .option(
      '--force',
      'Replace what is there and differs: only before the first gateway has moved.',
    )
    .option('--dry-run', 'Only count what would be copied.')
    .examples([
      'isthmus registry migrate -c gateway.yaml --to etcd --endpoints https://etcd-1:2379 --ca etcd-ca.pem --user root --password-file root.password',
      'of an embedded registry, on the machine of any gateway',
    ]);
  etcdOptions(verb, { config: 'required' }).action((options: MigrateOptions) =>
    migrate(cli, options),
  );
}

async function migrate(cli: Cli, options: MigrateOptions): Promise<void> {
  const { config: path, dryRun = false, force = false } = options;
  const source = await openAsGateway(await loadConfig(path));
  const access = await etcdAccess(cli, options);
  const target = openEtcdStore({ ...access, clock: systemClock, log: silentLog });
  try {
    const { values } = await keptOf(source.store, source.federation);
    const outcome = await writeRecords(values, { store: target, dryRun, replace: force });
    const to = access.endpoints.join(', ');
    cli.print({ from: source.name, to, dryRun, ...outcome }, () =>
      printable(
        `${dryRun ? 'would copy' : 'copied'} ${source.federation} from ${source.name} to etcd at ${to}: ${outcomeText(outcome)}`,
      ),
    );
    if (!dryRun) {
      cli.note(
        'Gateways use it once `registry.etcd` is in their configuration and they were restarted: those of other clusters first, the one that hosts the embedded registry last.',
      );
    }
  } finally {
    await Promise.all([source.store.close(), target.close()]);
  }
}
