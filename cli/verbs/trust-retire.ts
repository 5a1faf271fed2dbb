/** Owns `isthmus trust retire`: the root from before leaves the bundle, or it is said why it should stay. */
import type { Retirement, Status } from '../../gateway/control/api/answers.ts';
import type { Cli } from '../cli.ts';
import { confirm, requireAnswer } from '../confirm.ts';
import { printable } from '../terminal.ts';
import type { Verb } from '../verb.ts';

interface Options {
  readonly root?: string;
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

const path = '/v1/trust/retirement';

export function retireVerb(trust: Verb, cli: Cli): void {
  trust
    .command('retire')
    .description('End the root of this cluster that does not sign, once nothing rests on it.')
    .option('--root <fingerprint>', 'Which one; default the one that does not sign.')
    .option('--dry-run', 'Say only why it should stay.')
    .option('--force', 'Although something rests on it, which is then refused.')
    .option('-y, --yes', 'Go ahead without asking.')
    .examples(
      ['isthmus trust retire', 'the root from before; refused with the reasons while it is in use'],
      ['isthmus trust retire --dry-run', 'what still rests on it'],
    )
    .action(async ({ root, force = false, dryRun = false, yes }: Options) => {
      if (!dryRun) requireAnswer(cli, yes, 'isthmus trust retire');
      const admin = await cli.admin();
      const { cluster } = await admin.get<Status>('/v1/status');
      const plan = await admin.send<Retirement>('POST', path, { dryRun: true });
      for (const reason of plan.reasons) cli.note(printable(`In use: ${reason}.`));
      if (dryRun) {
        cli.print(plan, () => printable(planOf(cluster, plan)));
        return;
      }
      const question = `End root ${root ?? plan.root ?? ''} of ${cluster}?`;
      if (!(await confirm(cli, yes, printable(question)))) return;
      const asked = { ...(root !== undefined && { root }), force };
      const done = await admin.send<Retirement>('POST', path, asked);
      cli.print(done, () => printable(`Root ${done.root} of ${cluster} is no more`));
    });
}

function planOf(cluster: string, { root, reasons }: Retirement): string {
  if (root === undefined) return `${cluster} has no root beside the one that signs`;
  return reasons.length === 0
    ? `Nothing rests on root ${root} of ${cluster}`
    : `Root ${root} of ${cluster} is in use`;
}
