/** Owns the `isthmus` program: its verbs, its global flags, and the way from any failure to standard error and an exit code. */
import { Command, CommanderError, Option } from 'commander';
import { asIsthmusError } from '../core/errors.ts';
import { version } from '../core/version.ts';
import { Cli, type GlobalFlags } from './cli.ts';
import { exitCodeOf, exitCodes } from './exit.ts';
import { jsonPath } from './json-path.ts';
import { formats, jsonPathPrefix, jsonSchemaFormat, readyFor } from './output.ts';
import type { Io } from './terminal.ts';
import { choice, Verb } from './verb.ts';

type AddVerb = (program: Verb, cli: Cli) => void;

/**
 * The verbs in the order a user meets them, each loaded when it is wanted: loading all takes several times as long as what most
 * of them do.
 */
const verbs: readonly (readonly [
  group: string,
  members: Readonly<Record<string, () => Promise<AddVerb>>>,
])[] = [
  [
    'Start',
    {
      demo: async () => (await import('./verbs/demo.ts')).demoVerb,
      init: async () => (await import('./verbs/init.ts')).initVerb,
      gateway: async () => (await import('./verbs/gateway.ts')).gatewayVerb,
      terraform: async () => (await import('./verbs/terraform.ts')).terraformVerb,
    },
  ],
  [
    'Federate',
    {
      token: async () => (await import('./verbs/token.ts')).tokenVerb,
      join: async () => (await import('./verbs/join.ts')).joinVerb,
      leave: async () => (await import('./verbs/leave.ts')).leaveVerb,
      grant: async () => (await import('./verbs/grant.ts')).grantVerb,
      revoke: async () => (await import('./verbs/grant.ts')).revokeVerb,
      trust: async () => (await import('./verbs/trust.ts')).trustVerb,
      registry: async () => (await import('./verbs/registry.ts')).registryVerb,
    },
  ],
  [
    'Serve',
    {
      register: async () => (await import('./verbs/register.ts')).registerVerb,
      deregister: async () => (await import('./verbs/deregister.ts')).deregisterVerb,
    },
  ],
  [
    'Say what holds',
    {
      apply: async () => (await import('./verbs/apply.ts')).applyVerb,
      diff: async () => (await import('./verbs/diff.ts')).diffVerb,
      delete: async () => (await import('./verbs/delete.ts')).deleteVerb,
      convert: async () => (await import('./verbs/convert.ts')).convertVerb,
      'explain-schema': async () => (await import('./verbs/explain-schema.ts')).explainSchemaVerb,
    },
  ],
  [
    'Rehearse',
    {
      drill: async () => (await import('./verbs/drill.ts')).drillVerb,
      drain: async () => (await import('./verbs/drain.ts')).drainVerb,
      undrain: async () => (await import('./verbs/undrain.ts')).undrainVerb,
      failover: async () => (await import('./verbs/failover.ts')).failoverVerb,
      shift: async () => (await import('./verbs/shift.ts')).shiftVerb,
    },
  ],
  [
    'Look',
    {
      status: async () => (await import('./verbs/status.ts')).statusVerb,
      get: async () => (await import('./verbs/get.ts')).getVerb,
      describe: async () => (await import('./verbs/describe.ts')).describeVerb,
      explain: async () => (await import('./verbs/explain.ts')).explainVerb,
      simulate: async () => (await import('./verbs/simulate.ts')).simulateVerb,
      history: async () => (await import('./verbs/history.ts')).historyVerb,
      audit: async () => (await import('./verbs/audit.ts')).auditVerb,
      check: async () => (await import('./verbs/check.ts')).checkVerb,
      verify: async () => (await import('./verbs/verify.ts')).verifyVerb,
      'log-level': async () => (await import('./verbs/log-level.ts')).logLevelVerb,
    },
  ],
  [
    'This command',
    {
      context: async () => (await import('./verbs/context.ts')).contextVerb,
      completion: async () => (await import('./verbs/completion.ts')).completionVerb,
      __complete: async () => (await import('./verbs/complete.ts')).completeVerb,
      version: async () => (await import('./verbs/version.ts')).versionVerb,
    },
  ],
];

/** The verb whose script names all the others. */
const aboutAll = 'completion';

/** The program, before it is given a command line: with the one verb called `wanted`, or with all where none is called so. */
export async function createProgram(io: Io, wanted?: string): Promise<{ program: Verb; cli: Cli }> {
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
      new Option('-o, --output <format>', 'How to print the result.')
        .choices([...formats, jsonSchemaFormat, jsonPathPrefix])
        .argParser(formatGiven)
        .default('table'),
    )
    .addOption(
      new Option(
        '--admin <address>',
        'Admin API: http://host:port, https://host:port or unix:/path. [$ISTHMUS_ADMIN]',
      ).conflicts('context'),
    )
    .option('--context <name>', 'Context of the configuration file. [$ISTHMUS_CONTEXT]')
    .option('--admin-token-file <file>', 'Bearer token for the admin API. [$ISTHMUS_ADMIN_TOKEN]')
    .option('--ca <file>', 'Authority of the certificate of the admin API, or of etcd, PEM.')
    .option('--cert <file>', 'Client certificate for either, PEM.')
    .option('--key <file>', 'Key of the client certificate, PEM.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
    });
  const cli = new Cli(io, () => program.opts<GlobalFlags>());
  program.hook('preAction', async (_, action) => {
    await readyFor(cli.format);
    const verb = action as Verb;
    if (cli.format === 'name' && !verb.hasNames) {
      throw verb.misuse(`'${verb.path}' lists nothing that has a name (-o name)`);
    }
    if (cli.format === jsonSchemaFormat && !verb.formats.includes(jsonSchemaFormat)) {
      throw verb.misuse(`'${verb.path}' shows nothing that has a schema (-o ${jsonSchemaFormat})`);
    }
  });
  const isOne =
    wanted !== aboutAll && verbs.some(([, members]) => Object.hasOwn(members, wanted ?? ''));
  for (const [group, members] of verbs) {
    program.commandsGroup(`${group}:`);
    for (const [name, load] of Object.entries(members)) {
      if (!isOne || name === wanted) (await load())(program, cli);
    }
  }
  program.addHelpCommand(
    new Command('help').argument('[verb]').description('Show help for a verb.'),
  );
  return { program, cli };
}

/** A format; a template of jsonpath is compiled, so that a wrong one is told before anything is done. */
function formatGiven(given: string): string {
  if (!given.startsWith(jsonPathPrefix)) {
    return choice('--output', given, [...formats, jsonSchemaFormat, `${jsonPathPrefix}TEMPLATE`]);
  }
  jsonPath(given.slice(jsonPathPrefix.length));
  return given;
}

const globalValues = /^(-o|--(output|admin|context|admin-token-file|ca|cert|key))$/;

/** The first word of a command line that is neither a global flag nor the value of one. */
function verbIn(args: readonly string[]): string | undefined {
  return args.find((arg, i) => !arg.startsWith('-') && !globalValues.test(args[i - 1] ?? ''));
}

/** Runs one command line (without the program's name). Prints any error; resolves to the exit code. */
export async function main(args: readonly string[], io: Io = process): Promise<number> {
  // A reader that has enough, such as `head`, ends the command; nobody is left to tell.
  io.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(exitCodes.ok);
  });
  const { program, cli } = await createProgram(io, verbIn(args));
  try {
    await program.parseAsync(args, { from: 'user' });
    return cli.exitCode;
  } catch (thrown) {
    // Help and version end here too, after they were printed.
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return exitCodes.ok;
    const error = asIsthmusError(thrown);
    await readyFor(cli.format);
    cli.report(error);
    return exitCodeOf(error.kind);
  }
}
