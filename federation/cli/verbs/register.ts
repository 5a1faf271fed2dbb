/** Owns `isthmus register`: telling a gateway of an endpoint, once or for as long as it lives. */
import { IsthmusError } from '../../../core/errors.ts';
import type { RegisteredEndpoint } from '../../../gateway/admin/answers.ts';
import type { AdminClient } from '../admin-client.ts';
import type { Cli } from '../cli.ts';
import { keepAlive, toldToStop } from '../heartbeat.ts';
import { type RegisterOptions, registration } from '../registration.ts';
import { endpointPath, resolveService } from '../service-path.ts';
import { printable } from '../terminal.ts';
import { repeated, type Verb } from '../verb.ts';

interface Options extends RegisterOptions {
  readonly id: string;
  readonly heartbeat?: boolean;
}

export function registerVerb(program: Verb, cli: Cli): void {
  program
    .command('register')
    .argument('<service>', 'The service: <service>.<namespace>, or its whole host.')
    .description("Register an endpoint of a service in the gateway's cluster.")
    .requiredOption('--id <id>', 'Name of this endpoint within the service.')
    .requiredOption('--address <host:port>', 'Where the gateway reaches it.')
    .option('--zone <zone>', "Its zone. Default: the gateway's.")
    .option('--weight <number>', 'Its share relative to its siblings, 1 to 1000. Default 1.')
    .option('--label <name=value>', 'A label; may be repeated.', repeated)
    .option('--ttl <duration>', 'Unhealthy without a heartbeat for this long, such as 15s.')
    .option('--deregister-after <duration>', 'Deregistered without a heartbeat for this long.')
    .option('--check-http <path>', 'The gateway checks it by a GET of this path.')
    .option('--check-tcp', 'The gateway checks it by connecting.')
    .option('--check-interval <duration>', 'Time between checks.')
    .option('--check-timeout <duration>', 'Longest time of one check.')
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
    )
    .action((service: string, options: Options) => register(cli, service, options));
}

async function register(cli: Cli, service: string, options: Options): Promise<void> {
  const ttl = options.ttl ?? (options.heartbeat === true ? '15s' : undefined);
  const { body, ttlMs } = registration({ ...options, ttl });
  const admin = await cli.admin();
  const path = endpointPath(await resolveService(admin, service), options.id);
  const put = () => admin.send<RegisteredEndpoint>('PUT', path, body);

  if (options.heartbeat !== true || ttlMs === undefined) {
    report(cli, await put(), options.address);
    return;
  }
  const stop = toldToStop();
  const endpoint = await put();
  report(cli, endpoint, options.address);
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

function report(cli: Cli, endpoint: RegisteredEndpoint, address: string): void {
  cli.print(endpoint, () =>
    printable(`registered ${endpoint.service} ${endpoint.id} at ${address}`),
  );
  if (endpoint.published) return;
  cli.note('warning: the registry is out of reach; it is published to others when it is back');
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
