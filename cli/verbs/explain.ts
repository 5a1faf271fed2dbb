/** Owns `isthmus explain`: where a service's requests go from somewhere, each candidate's share, and why; or the way of any. */
import { IsthmusError } from '../../core/errors.ts';
import type { ExplainAnswer } from '../../gateway/control/api/answers.ts';
import { life, type Slot } from '../../gateway/data/request/life.ts';
import type { Cli } from '../cli.ts';
import { decisionText } from '../decision.ts';
import { resolveService } from '../service-path.ts';
import { type Column, renderTable } from '../table.ts';
import { repeated, type Verb } from '../verb.ts';

interface Options {
  readonly path?: true;
  readonly from?: string;
  readonly without?: readonly string[];
}

export function explainVerb(program: Verb, cli: Cli): void {
  program
    .command('explain')
    .argument('[service]', 'The service: <service>.<namespace>, or its whole host.')
    .description("Show where a service's requests go, each candidate's share, and why.")
    .option('--from <cluster>', 'As if asked from this cluster, or CLUSTER/ZONE.')
    .option('--without <cluster>', 'As if this cluster were lost; may be repeated.', repeated)
    .option('--path', 'The steps of any request through a gateway, in order, instead.')
    .examples(
      ['isthmus explain api.prod', 'from here, now'],
      ['isthmus explain api.prod --from dc2/eu-west-1b', "as seen from another cluster's zone"],
      ['isthmus explain api.prod --without dc1', 'what if dc1 were lost'],
      ['isthmus explain --path', 'what a gateway does with a request, step by step'],
    )
    .action(async (service: string | undefined, options: Options) => {
      if (options.path) {
        cli.print(life, (view) => renderTable(stepColumns, life, view));
        return;
      }
      if (service === undefined) {
        throw new IsthmusError('USAGE', {
          what: "Missing required argument 'service', or --path",
          fix: 'Try: isthmus explain api.prod',
        });
      }
      const without = options.without?.join(',');
      const admin = await cli.admin();
      const name = await resolveService(admin, service);
      const query = { from: options.from, without };
      const explanation = await admin.get<ExplainAnswer>(`/v1/explain/${name}`, query);
      cli.print(explanation, (view) => decisionText(explanation, view));
    });
}

const stepColumns: readonly Column<Slot>[] = [
  { title: 'STEP', cell: (slot) => slot.name },
  { title: 'DOES', cell: (slot) => slot.does },
  { title: 'CAN END WITH', cell: (slot) => slot.refusals.join(', ') },
];
