/** Owns `isthmus failover`: sending a service's traffic to one cluster, and undoing that. */
import { IsthmusError } from '../../core/errors.ts';
import { serviceParts } from '../../core/names.ts';
import type { Cli } from '../cli.ts';
import { resolveService } from '../service-path.ts';
import { printable } from '../terminal.ts';
import type { Verb } from '../verb.ts';

interface Options {
  readonly to?: string;
  readonly percent?: string;
  readonly reason?: string;
  readonly undo?: boolean;
}

export function failoverVerb(program: Verb, cli: Cli): void {
  program
    .command('failover')
    .argument('<service>', 'The service: <service>.<namespace>, or its whole host.')
    .description("Send a service's traffic to one cluster, at every gateway, until `--undo`.")
    .option('--to <cluster>', 'The cluster that gets it.')
    .option('--percent <number>', 'How much of it. Default 100.')
    .option('--reason <text>', 'Why; `explain` and `drill list` show it.')
    .option('--undo', 'Traffic goes where it would go by itself.')
    .examples(
      ['isthmus failover api.prod --to dc2', 'all of it'],
      ['isthmus failover api.prod --to dc2 --percent 20', 'one in five'],
      ['isthmus failover api.prod --undo', 'back to normal'],
    )
    .action((service: string, options: Options) => failover(cli, service, options));
}

async function failover(cli: Cli, given: string, options: Options): Promise<void> {
  const { to, percent, reason, undo } = options;
  if ((to === undefined) === (undo !== true)) {
    throw new IsthmusError('USAGE', {
      what: 'Give either --to or --undo',
      fix: 'As in `isthmus failover api.prod --to dc2`.',
    });
  }
  const share = percent === undefined ? undefined : Number(percent);
  if (share !== undefined && !(share > 0 && share <= 100)) {
    throw new IsthmusError('USAGE', {
      what: `--percent can't be ${JSON.stringify(percent)}`,
      fix: 'Write a number over 0 and up to 100.',
    });
  }
  const admin = await cli.admin();
  const name = await resolveService(admin, given);
  const { namespace, service } = serviceParts(name);
  const path = `/v1/services/${namespace}/${service}/failover`;
  if (undo) {
    const order = await admin.send<object>('DELETE', path);
    cli.print(order, () => printable(`${name} goes where it would go by itself`));
    return;
  }
  const body = { to, ...(share && { percent: share }), ...(reason && { reason }) };
  const order = await admin.send<object>('POST', path, body);
  cli.print(order, () => printable(`${share ?? 100} % of ${name} goes to ${to}`));
}
