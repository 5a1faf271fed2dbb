/** Owns `isthmus log-level`: how much a gateway's log says, asked and changed while it runs. */
import { Argument } from 'commander';
import { logLevels } from '../../core/log-levels.ts';
import type { Cli } from '../cli.ts';
import { choice, type Verb } from '../verb.ts';

interface Answer {
  readonly level: string;
}

export function logLevelVerb(program: Verb, cli: Cli): void {
  const wanted = new Argument('[level]', 'What it is to be.').choices(logLevels);
  program
    .command('log-level')
    .addArgument(wanted.argParser((given: string) => choice('level', given, logLevels)))
    .description("Show a gateway's log level, or change it until the gateway ends.")
    .examples(
      ['isthmus log-level', 'what it is'],
      ['isthmus log-level debug', 'also why each request was refused'],
    )
    .action(async (level: string | undefined) => {
      const admin = await cli.admin();
      const path = '/v1/log-level';
      const answer =
        level === undefined
          ? await admin.get<Answer>(path)
          : await admin.send<Answer>('PUT', path, { level });
      cli.print(answer, () => answer.level);
    });
}
