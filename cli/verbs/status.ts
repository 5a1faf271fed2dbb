/** Owns `isthmus status`: how the gateway is, in a dozen lines, and exit code 3 when it is not well. */
import type { Status } from '../../gateway/control/api/answers.ts';
import type { Cli } from '../cli.ts';
import { exitCodes } from '../exit.ts';
import { isDegraded, statusText } from '../status-text.ts';
import type { Verb } from '../verb.ts';

export function statusVerb(program: Verb, cli: Cli): void {
  program
    .command('status')
    .description('Show how the gateway is. Exits 3 when it is degraded.')
    .examples(
      ['isthmus status', "this machine's gateway, or the current context's"],
      ['isthmus status --context dc2', "another context's gateway"],
      ['isthmus status -o json | jq .registry', 'for a script'],
    )
    .action(async () => {
      const admin = await cli.admin();
      const status = await admin.get<Status>('/v1/status');
      cli.print(status, (view) => statusText(status, view));
      if (isDegraded(status)) cli.exitCode = exitCodes.degraded;
    });
}
