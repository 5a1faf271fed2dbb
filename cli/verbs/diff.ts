/** Owns `isthmus diff`: what applying documents would change, line by line, and what that would make of requests. */
import { asIsthmusError } from '../../core/errors.ts';
import type { Cli } from '../cli.ts';
import type { FileOptions } from '../documents/read.ts';
import { exitCodeOf, exitCodes } from '../exit.ts';
import { fileOptions, type Verb } from '../verb.ts';

interface DiffOptions extends FileOptions {
  readonly set?: string;
  readonly prune?: true;
  readonly effect: boolean;
}

export function diffVerb(program: Verb, cli: Cli): void {
  const verb = program
    .command('diff')
    .description(
      'Show what applying documents would change, and what would become of the requests of the last minutes. Exits 0 where nothing would, 1 where something would, with more on errors.',
    )
    .examples(
      ['isthmus diff -f policies/', 'what is there, and what would be'],
      ['isthmus diff -f policies/ --set prod --prune', 'what would be deleted, too'],
    );
  fileOptions(verb)
    .option('--set <set>', 'As of `isthmus apply`.')
    .option('--prune', 'As of `isthmus apply`.')
    .option('--no-effect', 'Only the documents: nothing of requests.')
    .action(async (options: DiffOptions) => {
      const { file, prune, set } = options;
      if (file === undefined)
        throw verb.misuse('nothing says what to compare', 'Name it with -f. ');
      if (prune && set === undefined) throw verb.misuse('--prune needs --set');
      try {
        await diff(cli, options);
      } catch (thrown) {
        const error = asIsthmusError(thrown);
        cli.report(error);
        // 1 says that something differs.
        const code = exitCodeOf(error.kind);
        cli.exitCode = code === exitCodes.failed ? 2 : code;
      }
    });
}

async function diff(cli: Cli, { set, prune, effect, ...options }: DiffOptions): Promise<void> {
  const { readPolicies } = await import('../documents/read.ts');
  const { diffPolicies } = await import('../documents/diff.ts');
  const documents = await readPolicies(cli, options);
  const comparing = { set, isPruned: prune === true, tellsEffect: effect };
  if (documents) await diffPolicies(cli, documents, comparing);
}
