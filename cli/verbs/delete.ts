/** Owns `isthmus delete`: policies that are to hold no more, by their documents or by name. */
import { Argument } from 'commander';
import type { PolicyName } from '../../policy/read-documents.ts';
import type { Cli } from '../cli.ts';
import type { FileOptions } from '../documents/read.ts';
import {
  federationOption,
  kindGiven,
  kindWords,
  type ListedKind,
  type ScopeOptions,
} from '../policy-kinds.ts';
import { fileOptions, type Verb } from '../verb.ts';

interface DeleteOptions extends FileOptions, ScopeOptions {
  readonly dryRun?: true;
  readonly ignoreNotFound?: true;
}

export function deleteVerb(program: Verb, cli: Cli): void {
  const verb = program
    .command('delete')
    .description("Have the asked gateway's cluster go by policies no more.")
    .addArgument(
      new Argument('[kind]', 'Kind of a policy.').choices(kindWords).argParser(kindGiven),
    )
    .argument('[name]', 'Its name: <namespace>/<name>.')
    .examples(
      ['isthmus delete -f orders.yaml', 'the policies that the file has'],
      ['isthmus delete traffic-policy shop/orders', 'one of them, by its name'],
    )
    .names();
  fileOptions(verb)
    .option(...federationOption)
    .option('--dry-run', 'Only say what it would do.')
    .option('--ignore-not-found', 'One that there is not is as good as one that was deleted.')
    .action(
      async (kind: ListedKind | undefined, name: string | undefined, options: DeleteOptions) => {
        const { ignoreNotFound = false, dryRun = false, federation = false, file } = options;
        if ((kind === undefined) === (file === undefined) || (kind && name === undefined)) {
          throw verb.misuse('Name what to delete, by -f or by a kind and a name');
        }
        if (file && federation) {
          throw verb.misuse('Documents say themselves what is of the federation: metadata.scope');
        }
        const scope = federation ? 'federation' : 'cluster';
        const policies = kind
          ? [{ ...policyNamed(kind, name ?? ''), scope } as const]
          : await documents(cli, options);
        if (policies === undefined) return;
        const { deletePolicies } = await import('../documents/delete.ts');
        await deletePolicies(cli, policies, { isDryRun: dryRun, mayBeAbsent: ignoreNotFound });
      },
    );
}

async function documents(
  cli: Cli,
  options: DeleteOptions,
): Promise<readonly PolicyName[] | undefined> {
  const { readPolicies } = await import('../documents/read.ts');
  return readPolicies(cli, options);
}

/** Throws NAME_INVALID. */
function policyNamed({ kind, checkName }: ListedKind, given: string): PolicyName {
  checkName(given);
  const [namespace = '', name = ''] = given.split('/');
  return { kind, namespace, name };
}
