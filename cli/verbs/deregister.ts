/** Owns `isthmus deregister`: an endpoint goes, gracefully. */
import type { Cli } from '../cli.ts';
import { endpointPath, resolveService } from '../service-path.ts';
import type { Verb } from '../verb.ts';

export function deregisterVerb(program: Verb, cli: Cli): void {
  program
    .command('deregister')
    .argument('<service>', 'The service: <service>.<namespace>, or its whole host.')
    .argument('<id>', 'Name of the endpoint within the service.')
    .description('Deregister an endpoint; requests in flight end, new ones go elsewhere.')
    .examples(['isthmus deregister api.prod a1', 'the endpoint a1 goes'])
    .action(async (service: string, id: string) => {
      const admin = await cli.admin();
      const name = await resolveService(admin, service);
      await admin.send<void>('DELETE', endpointPath(name, id));
      cli.print({ service: name, id, deregistered: true }, () => `deregistered ${name} ${id}`);
    });
}
