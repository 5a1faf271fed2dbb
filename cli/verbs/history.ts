/** Owns `isthmus history`: what a cluster believed at a moment, and what of that was otherwise at another. */
import type { PastAnswer, PastChanges } from '../../gateway/control/api/answers.ts';
import { changeText, valueText } from '../change-text.ts';
import type { Cli } from '../cli.ts';
import { momentText } from '../moment.ts';
import { printable } from '../terminal.ts';
import type { Verb } from '../verb.ts';
import { moment } from '../words.ts';

interface Options {
  readonly at?: string;
  readonly about?: string;
}

const aboutOption = [
  '--about <name>',
  'Only facts whose name begins so: cluster/dc2, service/, policy/.',
] as const;

export function historyVerb(program: Verb, cli: Cli): void {
  const history = program
    .command('history')
    .description('Show what the cluster believed of clusters, services and policies at a moment.')
    .option(
      '--at <moment>',
      'When: 2026-11-29T20:00Z, how long ago, 30m, or a revision of the registry; not now.',
    )
    .option(...aboutOption)
    .examples(
      ['isthmus history --at 2h --about service/', 'who had which copies two hours ago'],
      ['isthmus history diff 2h', 'what has changed since'],
      ['isthmus explain orders.shop --at 2h', 'where its requests went by that, and why'],
    )
    .action(async ({ at, about }: Options) => {
      const admin = await cli.admin();
      const query = { at: at && momentText('--at', at, Date.now()), about };
      const past = await admin.get<PastAnswer>('/v1/history', query);
      cli.print(past, (view) =>
        past.facts
          .flatMap(({ name, fact }) => [
            view.paint('bold', printable(name)),
            ...Object.entries(fact).map(([field, value]) =>
              printable(`    ${field}: ${valueText(value)}`),
            ),
          ])
          .join('\n'),
      );
      cli.note(`As ${past.cluster}/${past.gateway} believed it ${whenText(past)}.`);
    });
  history
    .command('diff')
    .argument('<from>', 'Before: a moment, how long ago, or a revision.')
    .argument('[to]', 'After, likewise; not now.')
    .description('Show what was believed otherwise at another moment.')
    .option(...aboutOption)
    .examples(
      ['isthmus history diff 2h', 'what has changed within two hours'],
      ['isthmus history diff 4711 4720 --about service/', 'of services, between two revisions'],
    )
    .action(async (from: string, to: string | undefined, _own: Options, verb: Verb) => {
      const admin = await cli.admin();
      const now = Date.now();
      const { about } = verb.optsWithGlobals<Options>();
      const changed = await admin.get<PastChanges>('/v1/history/changes', {
        from: momentText('from', from, now),
        to: to && momentText('to', to, now),
        about,
      });
      cli.print(changed, (view) =>
        changed.items
          .flatMap(({ name, change, changes }) => [
            `${view.paint('bold', printable(name))} ${change}`,
            ...changes.map((one) => `    ${changeText(one)}`),
          ])
          .join('\n'),
      );
      const what = changed.items.length === 0 ? 'Nothing differs between' : 'Between';
      cli.note(`${what} what was believed ${whenText(changed.from)} and ${whenText(changed.to)}.`);
    });
}

function whenText({ at, revision, restartedAt }: PastChanges['from']): string {
  const when = `at ${moment(at)}, revision ${revision}`;
  if (restartedAt === undefined) return when;
  return `${when} (the gateway was started again at ${moment(restartedAt)})`;
}
