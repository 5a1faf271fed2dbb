/** Owns `isthmus register`: telling a gateway of an endpoint, once or for as long as it lives. */
import { IsthmusError } from '../../core/errors.ts';
import type { ChangedEndpoints, RegisteredEndpoint } from '../../gateway/control/api/answers.ts';
import { protocols } from '../../registry/protocols.ts';
import type { AdminClient } from '../admin-client.ts';
import type { Cli } from '../cli.ts';
import { exitCodes } from '../exit.ts';
import { keepAlive, toldToStop } from '../heartbeat.ts';
import { heartbeatNote, heartbeatsNote, unpublishedWarning } from '../registered.ts';
import { type RegisterOptions, registration } from '../registration.ts';
import { endpointPath, resolveService } from '../service-path.ts';
import { printable } from '../terminal.ts';
import { choiceOption, repeated, type Verb } from '../verb.ts';
import { counted } from '../words.ts';

interface Options extends RegisterOptions {
  readonly id: string;
  readonly file?: string;
  readonly heartbeat?: boolean;
}

export function registerVerb(program: Verb, cli: Cli): void {
  program
    .command('register')
    .argument('[service]', 'The service: <service>.<namespace>, or its whole host.')
    .description(
      "Register an endpoint of a service in the gateway's cluster, or all that a file lists.",
    )
    .option('--id <id>', 'Name of this endpoint within the service.')
    .option('--address <host:port>', 'Where the gateway reaches it.')
    .option('-f, --file <file>', 'Many at once, as YAML or JSON; - is standard input.')
    .addOption(
      choiceOption('--protocol <protocol>', 'What it speaks. Default http (HTTP/1.1).', protocols),
    )
    .option('--zone <zone>', "Its zone. Default: the gateway's.")
    .option(
      '--weight <number>',
      'Its share relative to its siblings, to 1000; 0 takes nothing. Default 1.',
    )
    .option('--label <name=value>', 'A label; may be repeated.', repeated)
    .option(
      '--port <name=port/protocol>',
      'A port with a name, such as grpc=9090/http2; may be repeated. Default protocol http.',
      repeated,
    )
    .option('--ttl <duration>', 'Unhealthy without a heartbeat for this long, such as 15s.')
    .option('--deregister-after <duration>', 'Deregistered without a heartbeat for this long.')
    .option('--check-http <path>', 'The gateway checks it by a GET of this path.')
    .option('--check-tcp', 'The gateway checks it by connecting.')
    .option('--check-grpc', "The gateway checks it by gRPC's health service.")
    .option('--check-service <service>', "With --check-grpc: whose health. Default: the server's.")
    .option(
      '--check-host <host>',
      "What a check asks for as its host. Default: the endpoint's address.",
    )
    .option('--check-tls', 'A check asks over TLS; the certificate is not verified.')
    .option('--check-http2', 'With --check-http: by HTTP/2, in clear text by prior knowledge.')
    .option(
      '--check-expect <status>',
      'With --check-http: 204, or 200-299; may be repeated. Default 200-399.',
      repeated,
    )
    .option('--check-interval <duration>', 'Time between checks. Default 2s.')
    .option('--check-timeout <duration>', 'Longest time of one check. Default 1s.')
    .option('--check-rise <number>', 'Checks in a row that make it healthy. Default 2.')
    .option('--check-fall <number>', 'Checks in a row that make it unhealthy. Default 2.')
    .option('--export', 'Other clusters may use it (the default).')
    .option('--no-export', 'Other clusters may not use it.')
    .option('--heartbeat', 'Keep running and heartbeating; deregister on SIGINT or SIGTERM.')
    .examples(
      [
        'isthmus register api.prod --id a1 --address 10.0.0.5:8080 --check-http /healthz',
        'the gateway checks it',
      ],
      [
        'isthmus register api.prod --id a1 --address 10.0.0.5:8080 --ttl 15s --heartbeat',
        'beside the server, for as long as it lives',
      ],
      [
        'isthmus register api.prod --id a1 --address 10.0.0.5:8080 --port grpc=9090/grpc',
        'a second port, reached as grpc.api.prod.<federation>',
      ],
      ['isthmus register -f endpoints.yaml', 'endpoints: [{service, id, address, ...}, ...]'],
    )
    .action((service: string | undefined, options: Options, verb: Verb) => {
      const { file, ...one } = options;
      const given = Object.keys(one);
      if (file !== undefined) {
        if (service === undefined && given.length === 0) return registerAll(cli, file);
        throw verb.misuse('--file says it all: it takes no service and no other option');
      }
      for (const name of ['id', 'address'] as const) {
        if (options[name] === undefined)
          throw verb.misuse(`--${name} is missing`, 'Or list endpoints in a file: --file. ');
      }
      if (service === undefined) throw verb.misuse("missing required argument 'service'");
      return register(cli, service, options);
    });
}

/** An endpoint that is refused keeps none of the others from being registered. */
async function registerAll(cli: Cli, file: string): Promise<void> {
  const { readText } = await import('../written.ts');
  const { batches, parseEndpoints } = await import('../endpoints-file.ts');
  const endpoints = parseEndpoints(await readText(cli, file));
  const admin = await cli.admin();
  const answers: ChangedEndpoints[] = [];
  for (const register of batches(endpoints)) {
    answers.push(await admin.send<ChangedEndpoints>('POST', '/v1/endpoints', { register }));
  }
  const refused = answers.flatMap((answer) => answer.refused);
  const registered = answers.reduce((sum, answer) => sum + answer.registered, 0);
  const published = answers.every((answer) => answer.published);
  cli.print(
    { registered, published, refused },
    () => `registered ${counted(registered, 'endpoint')}`,
  );
  for (const { service, id, code, what } of refused) {
    cli.note(printable(`refused ${service} ${id}: ${code}: ${what}`));
  }
  const notes = [
    published ? undefined : await unpublishedWarning(admin),
    heartbeatsNote(endpoints.filter(({ ttl }) => ttl !== undefined).length),
  ];
  for (const note of notes) if (note !== undefined) cli.note(note);
  if (refused.length > 0) cli.exitCode = exitCodes.refused;
}

async function register(cli: Cli, service: string, options: Options): Promise<void> {
  const ttl = options.ttl ?? (options.heartbeat === true ? '15s' : undefined);
  const { body, ttlMs } = registration({ ...options, ttl });
  const admin = await cli.admin();
  const path = endpointPath(await resolveService(admin, service), options.id);
  const put = () => admin.send<RegisteredEndpoint>('PUT', path, body);

  if (options.heartbeat !== true || ttlMs === undefined) {
    await report(cli, admin, await put(), options.address);
    if (ttl !== undefined) cli.note(heartbeatNote(ttl, path));
    return;
  }
  const stop = toldToStop();
  const endpoint = await put();
  await report(cli, admin, endpoint, options.address);
  const beating = {
    // A third of the time to live: two may be lost.
    intervalMs: ttlMs / 3,
    beat: () => beat(admin, path, put),
    onFailure: (error: IsthmusError) =>
      cli.note(printable(`warning: ${error.code}: ${error.message}`)),
  };
  await keepAlive(beating, stop);
  await admin.send<void>('DELETE', path);
  cli.note(printable(`deregistered ${endpoint.service} ${endpoint.id}`));
}

async function report(
  cli: Cli,
  admin: AdminClient,
  endpoint: RegisteredEndpoint,
  address: string,
): Promise<void> {
  cli.print(endpoint, () =>
    printable(`registered ${endpoint.service} ${endpoint.id} at ${address}`),
  );
  const warning = endpoint.published ? undefined : await unpublishedWarning(admin);
  if (warning !== undefined) cli.note(warning);
}

/** One heartbeat. A gateway that has restarted since does not know the endpoint: it is registered again. */
async function beat(admin: AdminClient, path: string, put: () => Promise<unknown>): Promise<void> {
  try {
    await admin.send<unknown>('PUT', `${path}/heartbeat`);
  } catch (thrown) {
    const gone =
      thrown instanceof IsthmusError &&
      (thrown.code === 'ENDPOINT_NOT_FOUND' || thrown.code === 'SERVICE_NOT_FOUND');
    if (!gone) throw thrown;
    await put();
  }
}
