/** Owns `isthmus apply`: having gateways go by what documents say. */
import type { Cli } from '../cli.ts';
import type { FileOptions } from '../documents/read.ts';
import { fileOptions, type Verb } from '../verb.ts';

interface ApplyOptions extends FileOptions {
  readonly dryRun?: true;
  readonly set?: string;
  readonly prune?: true;
  readonly takeOver?: true;
}

export function applyVerb(program: Verb, cli: Cli): void {
  const verb = program
    .command('apply')
    .description("Have the asked gateway's cluster go by what documents say, from now on.")
    .examples(
      ['isthmus apply -f orders.yaml', 'its policies, made or replaced'],
      ['isthmus apply -f policies/ --dry-run', 'what that would do, with every fault and warning'],
      [
        'isthmus apply -f policies/ --set prod --prune',
        'and what it did before and is no longer there is deleted',
      ],
    )
    .names();
  fileOptions(verb)
    .option('--dry-run', 'Only say what it would do.')
    .option('--set <set>', 'Note with each policy that it is of this set.')
    .option('--prune', 'Delete the policies of the set that are not in the files any more.')
    .option(
      '--take-over',
      "Write also what says the same but is another cluster's word: it would end with that cluster.",
    )
    .action((options: ApplyOptions) => apply(verb, cli, options));
}

async function apply(verb: Verb, cli: Cli, options: ApplyOptions): Promise<void> {
  const { set, prune, file, dryRun: isDryRun = false, takeOver: takesOver = false } = options;
  if (file === undefined) throw verb.misuse('nothing says what to apply', 'Name it with -f. ');
  if (prune && set === undefined) {
    throw verb.misuse('--prune needs --set: what else was applied is not known without it');
  }
  const { applyPolicies } = await import('../documents/apply.ts');
  const { readPolicies } = await import('../documents/read.ts');
  const documents = await readPolicies(cli, options);
  if (documents)
    await applyPolicies(cli, documents, { isDryRun, set, takesOver, isPruned: prune === true });
}
