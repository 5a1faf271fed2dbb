/** Owns `isthmus gateway`: running a gateway in the foreground. */
import type { Cli } from '../cli.ts';
import type { Verb } from '../verb.ts';

export function gatewayVerb(program: Verb, cli: Cli): void {
  program
    .command('gateway')
    .description('Run a gateway until SIGTERM or SIGINT; it drains before it ends.')
    .requiredOption('-c, --config <file>', 'Its configuration file.')
    .examples(
      ['isthmus gateway -c gateway.yaml', 'run it'],
      ['isthmus check -c gateway.yaml', 'see whether it would start'],
    )
    .action(async ({ config }: { config: string }) => {
      const { runGateway } = await import('../../gateway/main.ts');
      cli.exitCode = await runGateway({ configPath: config });
    });
}
