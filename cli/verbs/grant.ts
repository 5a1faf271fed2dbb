/** Owns `isthmus grant` and `isthmus revoke`: which clusters may write policies of the whole federation, and who decides that. */
import type { Items, PolicyGrantItem } from '../../gateway/control/api/answers.ts';
import type { Cli } from '../cli.ts';
import { type Column, renderTable } from '../table.ts';
import { printable } from '../terminal.ts';
import { noHeaders, type Verb } from '../verb.ts';
import { moment } from '../words.ts';

const columns: readonly Column<PolicyGrantItem>[] = [
  { title: 'CLUSTER', cell: ({ cluster }) => cluster },
  { title: 'AS', cell: ({ founder }) => (founder ? 'founder' : 'granted') },
  { title: 'BY', cell: ({ by }) => by },
  { title: 'AT', cell: ({ at }) => at && moment(at) },
  { title: 'REASON', cell: ({ reason }) => reason, overlong: 'continued' },
];

const collection = '/v1/grants/policy';

export function grantVerb(program: Verb, cli: Cli): void {
  const grant = program
    .command('grant')
    .description('Say which clusters may write policies of the whole federation.')
    .examples(
      ['isthmus grant policy dc2', "let dc2 write them; at a gateway of the founder's cluster"],
      ['isthmus grant list', 'who may, and who the founder is'],
    )
    .helpCommand(false);

  grant
    .command('policy')
    .argument('<cluster>', 'The member that may from now on.')
    .description('Let a cluster write policies that hold at the gateways of all clusters.')
    .option('--reason <text>', 'Why it may, for those who look later.')
    .examples(['isthmus grant policy dc2 --reason "the platform team works there"', 'let dc2'])
    .action(async (cluster: string, { reason }: { readonly reason?: string }) => {
      const admin = await cli.admin();
      const body = reason === undefined ? {} : { reason };
      const granted = await admin.send<object>('PUT', pathOf(cluster), body);
      cli.print(granted, () => printable(`${cluster} may write policies of the whole federation`));
    });

  grant
    .command('list')
    .description('List the clusters that may write policies of the whole federation.')
    .examples(['isthmus grant list', 'the founder first'])
    .names()
    .addOption(noHeaders())
    .action(async ({ headers }: { readonly headers: boolean }) => {
      const admin = await cli.admin();
      const answer = await admin.get<Items<PolicyGrantItem>>(collection);
      cli.print(
        answer,
        (view) => renderTable(columns, answer.items, { ...view, headers }),
        () => answer.items.map(({ cluster }) => printable(cluster)).join('\n'),
      );
    });

  grant
    .command('founder')
    .argument('<cluster>', 'The member that is to be the founder.')
    .description(
      'Hand over: another cluster says from now on which may write, and this one may go on.',
    )
    .examples(['isthmus grant founder dc2', "before the founder's cluster leaves"])
    .action(async (cluster: string) => {
      const admin = await cli.admin();
      const answer = await admin.send<object>('POST', '/v1/federation/founder', { cluster });
      cli.print(answer, () => printable(`${cluster} is the founder`));
    });
}

export function revokeVerb(program: Verb, cli: Cli): void {
  const revoke = program
    .command('revoke')
    .description('Take back what a cluster was granted.')
    .examples(['isthmus revoke policy dc2', 'what dc2 wrote for all is in force no more'])
    .helpCommand(false);

  revoke
    .command('policy')
    .argument('<cluster>', 'The cluster that may no more.')
    .description(
      'Let a cluster write policies of the whole federation no more; those it wrote end.',
    )
    .examples(['isthmus revoke policy dc2', "at a gateway of the founder's cluster"])
    .action(async (cluster: string) => {
      const admin = await cli.admin();
      await admin.send('DELETE', pathOf(cluster));
      cli.print({ cluster, revoked: true }, () =>
        printable(`${cluster} may write no policies of the whole federation; what it wrote ended`),
      );
    });
}

function pathOf(cluster: string): string {
  return `${collection}/${encodeURIComponent(cluster)}`;
}
