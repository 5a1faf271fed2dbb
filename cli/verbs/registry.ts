/** Owns `isthmus registry`: what an operator does about the registry itself. */
import type { Cli } from '../cli.ts';
import { backupVerb, restoreVerb } from '../registry/backup.ts';
import { migrateVerb } from '../registry/migrate.ts';
import { prepareVerb } from '../registry/prepare.ts';
import { statusVerb } from '../registry/status.ts';
import type { Verb } from '../verb.ts';

export function registryVerb(program: Verb, cli: Cli): void {
  const registry = program
    .command('registry')
    .description('Look after the registry: how it is, backups, and users and roles in an etcd.')
    .examples(
      ['isthmus registry status', 'its endpoints, and how the gateway stands with it'],
      ['isthmus registry backup acme.backup -c gateway.yaml', 'while all goes on'],
      [
        'isthmus registry prepare -c gateway.yaml --user root --password-file root.password --cluster dc2',
        'give dc2 a user and a role in etcd, before it joins',
      ],
    )
    .helpCommand(false);
  statusVerb(registry, cli);
  backupVerb(registry, cli);
  restoreVerb(registry, cli);
  migrateVerb(registry, cli);
  prepareVerb(registry, cli);
}
