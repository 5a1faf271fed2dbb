/** Owns `isthmus registry backup` and `restore`: a federation's lasting records, in a file and back. */
import { resolve } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { IsthmusError } from '../../core/errors.ts';
import { writeFileAtomic } from '../../core/files.ts';
import { backupLines, backupRecords, inspectBackup } from '../../registry/backup/format.ts';
import { isEmpty, keptOf } from '../../registry/backup/kept.ts';
import { type Outcome, writeRecords } from '../../registry/backup/write.ts';
import type { Cli } from '../cli.ts';
import { printable } from '../terminal.ts';
import type { Verb } from '../verb.ts';
import { counted, moment } from '../words.ts';
import { type EtcdFlags, etcdOptions } from './etcd-access.ts';
import { openRegistry } from './registry-access.ts';

interface BackupOptions extends EtcdFlags {
  readonly federation?: string;
}

interface RestoreOptions extends BackupOptions {
  readonly dryRun?: true;
  readonly force?: true;
}

const federationOption = [
  '--federation <name>',
  'Which federation; default that of the configuration.',
] as const;

export function backupVerb(registry: Verb, cli: Cli): void {
  const verb = registry
    .command('backup')
    .argument('<file>', 'File to write (0600).')
    .description(
      "Write a federation's records into a file: all but what live gateways write by themselves.",
    )
    .option(...federationOption)
    .examples(
      ['isthmus registry backup acme.backup -c gateway.yaml', 'while all goes on'],
      [
        'isthmus registry backup acme.backup --endpoints https://etcd-1:2379 --ca etcd-ca.pem --user dc1.acme --password-file dc1.acme.password --federation acme',
        'of an etcd, from any machine',
      ],
    );
  etcdOptions(verb).action((file: string, options: BackupOptions) => backup(cli, file, options));
}

export function restoreVerb(registry: Verb, cli: Cli): void {
  const verb = registry
    .command('restore')
    .argument('<file>', 'File that `isthmus registry backup` wrote.')
    .description(
      'Write the records of a backup into a registry that has none, and read each again.',
    )
    .option(...federationOption)
    .option(
      '--force',
      'Into one that has some, too: those of the backup replace them, others stay.',
    )
    .option('--dry-run', 'Only check the file, and count what would change.')
    .examples(
      ['isthmus registry restore acme.backup -c gateway.yaml --dry-run', 'what would change'],
      [
        'isthmus registry restore acme.backup -c gateway.yaml --user root --password-file root.password',
        'into an etcd, as its administrator',
      ],
    );
  etcdOptions(verb).action((file: string, options: RestoreOptions) => restore(cli, file, options));
}

async function backup(cli: Cli, file: string, options: BackupOptions): Promise<void> {
  const { store, federation, close } = await openRegistry(cli, options);
  try {
    const { revision, values } = await keptOf(store, federation);
    const head = { federation, revision, at: systemClock.now() };
    await writeFileAtomic(resolve(file), backupLines(head, values), 0o600);
  } finally {
    await close();
  }
  // What is on the disk counts, not what was meant to be there.
  const written = await inspectBackup(file);
  cli.print({ file, ...written }, () =>
    printable(
      `${file}: ${counted(written.keys, 'record')} of ${federation}, as of revision ${written.revision}`,
    ),
  );
}

async function restore(cli: Cli, file: string, options: RestoreOptions): Promise<void> {
  const { dryRun = false, force = false } = options;
  const found = await inspectBackup(file);
  const { store, federation, name, close } = await openRegistry(cli, {
    federation: found.federation,
    ...options,
  });
  try {
    if (federation !== found.federation) {
      throw new IsthmusError('BACKUP_INVALID', {
        what: `The backup is of the federation ${found.federation}, not of ${federation}`,
        where: file,
        fix: 'Give the configuration of a gateway of that federation.',
      });
    }
    if (!dryRun && !force && !(await isEmpty(store, federation))) {
      throw new IsthmusError('REGISTRY_NOT_EMPTY', {
        what: `The registry has records of ${federation} already`,
        where: name,
      });
    }
    const outcome = await writeRecords(backupRecords(file), { store, dryRun, replace: true });
    cli.print({ ...found, dryRun, ...outcome }, () =>
      printable(
        `${dryRun ? 'would restore' : 'restored'} the backup of ${moment(found.at)} into ${name}: ${outcomeText(outcome)}`,
      ),
    );
  } finally {
    await close();
  }
}

/** `12 added, 3 replaced, 40 there already`, and what others wrote meanwhile. */
export function outcomeText({ added, replaced, same, left, changedSince }: Outcome): string {
  return [
    `${added} added`,
    ...(replaced > 0 ? [`${replaced} replaced`] : []),
    ...(same > 0 ? [`${same} there already`] : []),
    ...(left > 0 ? [`${left} left that differ`] : []),
    ...(changedSince > 0 ? [`${changedSince} changed by their owners since`] : []),
  ].join(', ');
}
