/** Owns `isthmus undrain`: letting traffic come back to a cluster that was drained. */
import type { Cli } from '../cli.ts';
import { printable } from '../terminal.ts';
import type { Verb } from '../verb.ts';

export function undrainVerb(program: Verb, cli: Cli): void {
  program
    .command('undrain')
    .argument('<cluster>', 'The cluster that was drained.')
    .description('Undo a drain, whoever ordered it.')
    .examples(['isthmus undrain dc1', 'traffic returns as the failback policy says'])
    .action(async (cluster: string) => {
      const admin = await cli.admin();
      const path = `/v1/clusters/${encodeURIComponent(cluster)}/undrain`;
      const order = await admin.send<object>('POST', path, {});
      cli.print(order, () => printable(`${cluster} is drained no more`));
    });
}
