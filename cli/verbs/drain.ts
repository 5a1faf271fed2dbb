/** Owns `isthmus drain`: keeping traffic off a cluster until that is undone. */
import type { DrainRecord } from '../../federation/drills/records.ts';
import type { Cli } from '../cli.ts';
import { printable } from '../terminal.ts';
import type { Verb } from '../verb.ts';
import { span } from '../words.ts';

interface Options {
  readonly ramp?: string;
  readonly reason?: string;
}

export function drainVerb(program: Verb, cli: Cli): void {
  program
    .command('drain')
    .argument('<cluster>', 'The cluster that is to get no traffic.')
    .description('Keep traffic off a cluster, at every gateway, until `undrain`.')
    .option('--ramp <duration>', 'How long traffic takes to leave. Default 10s.')
    .option('--reason <text>', 'Why; `explain` and `drill list` show it.')
    .examples(
      ['isthmus drain dc1 --reason "new switches"', 'before work on a datacenter'],
      ['isthmus drain dc1 --ramp 5m', 'slowly, so that caches elsewhere warm up'],
    )
    .action(async (cluster: string, { ramp, reason }: Options) => {
      const admin = await cli.admin();
      const body = { ...(ramp && { ramp }), ...(reason && { reason }) };
      const path = `/v1/clusters/${encodeURIComponent(cluster)}/drain`;
      const order = await admin.send<DrainRecord>('POST', path, body);
      const when = order.rampMs === 0 ? 'at once' : `within ${span(order.rampMs)}`;
      cli.print(order, () =>
        printable(`traffic leaves ${cluster} ${when}, until: isthmus undrain ${cluster}`),
      );
    });
}
