/** Owns `isthmus leave`: taking this cluster, or a dead one, out of the federation. */
import { parseClusterName } from '../../core/names.ts';
import type { LeaveResult, Status } from '../../gateway/control/api/answers.ts';
import type { Cli } from '../cli.ts';
import { confirm, requireAnswer } from '../confirm.ts';
import { printable } from '../terminal.ts';
import type { Verb } from '../verb.ts';

interface Options {
  readonly cluster?: string;
  readonly force?: boolean;
  readonly gateways?: string;
  readonly yes?: boolean;
}

export function leaveVerb(program: Verb, cli: Cli): void {
  program
    .command('leave')
    .description('Take this cluster out of the federation, or another that is dead.')
    .option('--cluster <cluster>', 'Make another cluster leave.')
    .option('--force', 'Even when the cluster still answers, or the others cannot be told.')
    .option(
      '--gateways <ids>',
      'Together with these other living gateways of this cluster, comma-separated.',
    )
    .option('-y, --yes', 'Go ahead without asking.')
    .examples(
      ['isthmus leave', 'this cluster leaves; asks first'],
      ['isthmus leave --cluster dc3', 'a dead cluster is made to leave'],
    )
    .action((options: Options) => leave(cli, options));
}

async function leave(cli: Cli, { cluster, force, gateways, yes }: Options): Promise<void> {
  requireAnswer(cli, yes, 'isthmus leave');
  if (cluster !== undefined) parseClusterName(cluster);
  const admin = await cli.admin();
  const status = await admin.get<Status>('/v1/status');
  const who = cluster ?? status.cluster;
  cli.note(
    printable(`The clusters of ${status.federation} will stop trusting ${who} and routing to it.`),
  );
  const question = printable(`Make ${who} leave ${status.federation}?`);
  if (!(await confirm(cli, yes, question))) return;
  const body = {
    ...(cluster && { cluster }),
    ...(force && { force }),
    ...(gateways && { gateways: gateways.split(',') }),
  };
  const result = await admin.send<LeaveResult>('POST', '/v1/federation/leave', body);
  cli.print(result, () => printable(`${result.left} left ${status.federation}`));
  if (result.etcdUser !== undefined) {
    cli.note(
      printable(
        `A user ${result.etcdUser} of etcd may still log in there. An administrator of etcd takes it away: isthmus registry prepare --remove ${result.left}`,
      ),
    );
  }
}
