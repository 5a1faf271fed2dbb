/** Owns `isthmus demo`: starting the demonstration that `examples/demo` holds. */
import type { Cli } from '../cli.ts';
import type { Verb } from '../verb.ts';

export function demoVerb(program: Verb, cli: Cli): void {
  program
    .command('demo')
    .description('Run three clusters on this machine and watch them fail and recover.')
    .option('--keep', 'Leave everything running at the end, to try things on.')
    .option('--json', 'Print one JSON object at the end; the same as -o json.')
    .examples(
      ['isthmus demo', 'nothing to install, nothing left behind'],
      ['isthmus demo --keep', 'then try the other verbs on it'],
    )
    .action(async ({ keep, json }: { keep?: boolean; json?: boolean }) => {
      const { run } = await import('../../examples/demo/main.ts');
      cli.exitCode = await run({
        keep: keep === true,
        json: json === true || cli.format === 'json',
      });
    });
}
