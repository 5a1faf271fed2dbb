/** Owns the `isthmus` program: its verbs, its global flags, and the way from any failure to standard error and an exit code. */
import { Command, CommanderError, Option } from 'commander';
import { asIsthmusError } from '../../core/errors.ts';
import { Cli, type GlobalFlags } from './cli.ts';
import { exitCodeOf, exitCodes } from './exit.ts';
import { formats, renderError } from './output.ts';
import { type Io, painter } from './terminal.ts';
import { choiceOption, Verb } from './verb.ts';
import { checkVerb } from './verbs/check.ts';
import { completeVerb } from './verbs/complete.ts';
import { completionVerb } from './verbs/completion.ts';
import { contextVerb } from './verbs/context.ts';
import { demoVerb } from './verbs/demo.ts';
import { deregisterVerb } from './verbs/deregister.ts';
import { drainVerb } from './verbs/drain.ts';
import { drillVerb } from './verbs/drill.ts';
import { explainVerb } from './verbs/explain.ts';
import { failoverVerb } from './verbs/failover.ts';
import { gatewayVerb } from './verbs/gateway.ts';
import { getVerb } from './verbs/get.ts';
import { initVerb } from './verbs/init.ts';
import { joinVerb } from './verbs/join.ts';
import { leaveVerb } from './verbs/leave.ts';
import { logLevelVerb } from './verbs/log-level.ts';
import { registerVerb } from './verbs/register.ts';
import { simulateVerb } from './verbs/simulate.ts';
import { statusVerb } from './verbs/status.ts';
import { tokenVerb } from './verbs/token.ts';
import { undrainVerb } from './verbs/undrain.ts';
import { version, versionVerb } from './verbs/version.ts';

/** The verbs in the order a user meets them. */
const verbs = [
  ['Start', [demoVerb, initVerb, gatewayVerb]],
  ['Federate', [tokenVerb, joinVerb, leaveVerb]],
  ['Serve', [registerVerb, deregisterVerb]],
  ['Rehearse', [drillVerb, drainVerb, undrainVerb, failoverVerb]],
  ['Look', [statusVerb, getVerb, explainVerb, simulateVerb, checkVerb, logLevelVerb]],
  ['This command', [contextVerb, completionVerb, completeVerb, versionVerb]],
] as const;

/** The program with all its verbs, before it is given a command line. */
export function createProgram(io: Io): { program: Verb; cli: Cli } {
  const program = new Verb('isthmus')
    .description('Joins clusters in different datacenters into one federation.')
    .examples(
      ['isthmus demo', 'three clusters on this machine, failing and recovering'],
      [
        'isthmus init --cluster dc1 --federation acme --region us-east --found',
        'write gateway.yaml',
      ],
      ['isthmus gateway -c gateway.yaml', 'run a gateway'],
      ['isthmus explain api.prod', 'where requests go, and why'],
    )
    .version(version, '-V, --version', 'Print the version.')
    .helpOption('-h, --help', 'Show help.')
    .addOption(
      choiceOption('-o, --output <format>', 'How to print the result.', formats).default('table'),
    )
    .addOption(
      new Option(
        '--admin <address>',
        'Admin API: http://host:port, https://host:port or unix:/path. [$ISTHMUS_ADMIN]',
      ).conflicts('context'),
    )
    .option('--context <name>', 'Context of the configuration file. [$ISTHMUS_CONTEXT]')
    .option('--admin-token-file <file>', 'Bearer token for the admin API. [$ISTHMUS_ADMIN_TOKEN]')
    .option('--ca <file>', "Authority of the admin API's certificate, PEM.")
    .option('--cert <file>', 'Client certificate for the admin API, PEM.')
    .option('--key <file>', 'Key of the client certificate, PEM.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
    });
  const cli = new Cli(io, () => program.opts<GlobalFlags>());
  for (const [group, members] of verbs) {
    program.commandsGroup(`${group}:`);
    for (const add of members) add(program, cli);
  }
  program.addHelpCommand(
    new Command('help').argument('[verb]').description('Show help for a verb.'),
  );
  return { program, cli };
}

/** Runs one command line (without the program's name). Prints any error; resolves to the exit code. */
export async function main(args: readonly string[], io: Io = process): Promise<number> {
  // A reader that has enough, such as `head`, ends the command; nobody is left to tell.
  io.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(exitCodes.ok);
  });
  const { program, cli } = createProgram(io);
  try {
    await program.parseAsync(args, { from: 'user' });
    return cli.exitCode;
  } catch (thrown) {
    // Help and version end here too, after they were printed.
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return exitCodes.ok;
    const error = asIsthmusError(thrown);
    cli.note(renderError(error, cli.format, painter(io.stderr)));
    return exitCodeOf(error.kind);
  }
}
