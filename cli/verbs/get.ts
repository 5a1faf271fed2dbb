/** Owns `isthmus get`: what a gateway knows, kind by kind, all or the one that is named. */
import type { EndpointItem, ExportItem } from '../../gateway/control/api/answers.ts';
import type { Cli } from '../cli.ts';
import type { FileOptions } from '../documents/read.ts';
import { clusterKind, endpointKind, exportKind, gatewayKind, serviceKind } from '../kinds.ts';
import { type ListOptions, listOrOne } from '../listing.ts';
import {
  federationOption,
  type ListedKind,
  listedKinds,
  type ScopeOptions,
  scoped,
} from '../policy-kinds.ts';
import { resolveService } from '../service-path.ts';
import { fileOptions, noHeaders, type Verb, watchOption } from '../verb.ts';
import { oneOrWatch, type WatchOptions } from '../watching.ts';
import { getHappenings } from './get-happenings.ts';

export function getVerb(program: Verb, cli: Cli): void {
  const get = program
    .command('get')
    .description(
      'List clusters, gateways, services, endpoints, exports, policies, trust, the graph, events or the audit.',
    )
    .examples(
      ['isthmus get clusters', 'the members, their links and round trips'],
      ['isthmus get endpoints --service api.prod -o wide', "one service's endpoints here"],
      ['isthmus get service api.prod -o json', 'one of them, for a script'],
      ['isthmus get -f policies/', 'the policies that files name, as they are'],
    )
    .allowExcessArguments()
    .names()
    .helpCommand(false);
  fileOptions(get).action((options: FileOptions) => ofFiles(get, cli, options));

  get
    .command('clusters')
    .alias('cluster')
    .argument('[cluster]', 'Only this one.')
    .description('List the member clusters, and how this gateway reaches them.')
    .examples(
      ['isthmus get clusters', 'one line each'],
      ['isthmus get cluster dc2 -o yaml', 'all there is to know of one'],
      ['isthmus get clusters --watch', 'and each again when it changes'],
    )
    .names()
    .addOption(noHeaders())
    .addOption(watchOption())
    .action((name: string | undefined, options: WatchOptions) =>
      oneOrWatch(cli, clusterKind, name, options),
    );
  get
    .command('gateways')
    .alias('gateway')
    .argument(
      '[gateway]',
      "Only this one: <cluster>/<id>, or the id of one of the asked gateway's cluster.",
    )
    .description('List the gateways of the federation, as they say in the registry.')
    .examples(
      ['isthmus get gateways', 'one line each, and those of this cluster that were lost'],
      ['isthmus get gateway dc2/gateway-1 -o yaml', 'one of them, with its addresses and links'],
    )
    .names()
    .addOption(noHeaders())
    .action((name: string | undefined, options: ListOptions) =>
      listOrOne(cli, gatewayKind, name, options),
    );
  get
    .command('services')
    .alias('service')
    .argument('[service]', 'Only this one: <service>.<namespace>, or its whole host.')
    .description('List the services of the federation.')
    .examples(
      ['isthmus get services', 'healthy and all endpoints, here and elsewhere'],
      ['isthmus get services -o name | xargs -n 1 isthmus explain', 'for a script'],
    )
    .names()
    .addOption(noHeaders())
    .addOption(watchOption())
    .action((name: string | undefined, options: WatchOptions) =>
      oneOrWatch(cli, serviceKind, name, options),
    );
  get
    .command('endpoints')
    .alias('endpoint')
    .argument('[endpoint]', 'Only this one: <service>.<namespace>/<id>.')
    .description("List the endpoints of this gateway's own cluster.")
    .option('--service <service>', 'Only those of one service.')
    .examples(
      ['isthmus get endpoints --service api.prod', "one service's endpoints"],
      ['isthmus get endpoint api.prod/a1', 'one of them'],
    )
    .names()
    .addOption(noHeaders())
    .addOption(watchOption())
    .action(
      async (name: string | undefined, options: WatchOptions & { readonly service?: string }) => {
        const { service } = options;
        const only = service && (await resolveService(await cli.admin(), service));
        const within = (item: EndpointItem) => only === undefined || item.service === only;
        await oneOrWatch(cli, endpointKind, name, options, { service: only }, within);
      },
    );
  get
    .command('exports')
    .alias('export')
    .argument('[export]', 'Only this one: <cluster>/<service>.<namespace>.')
    .description('List what clusters export: how many healthy endpoints, by locality.')
    .option('--cluster <cluster>', 'Only those of one cluster.')
    .examples(
      ['isthmus get exports --cluster dc2', "one cluster's exports"],
      ['isthmus get export dc2/api.prod', 'one of them'],
    )
    .names()
    .addOption(noHeaders())
    .addOption(watchOption())
    .action((name: string | undefined, options: WatchOptions & { readonly cluster?: string }) => {
      const { cluster } = options;
      const within = (item: ExportItem) => cluster === undefined || item.cluster === cluster;
      return oneOrWatch(cli, exportKind, name, options, { cluster }, within);
    });
  for (const kind of listedKinds) addPolicies(get, cli, kind);
  getHappenings(get, cli);
}

function addPolicies(get: Verb, cli: Cli, kind: ListedKind): void {
  const { singular, plural } = kind;
  const verb = get
    .command(plural)
    .argument(`[${singular}]`, 'Only this one: <namespace>/<name>.')
    .description(`List the ${plural.replaceAll('-', ' ')} that were written while gateways ran.`)
    .examples(
      [`isthmus get ${plural}`, 'one line each, and whether it is in force'],
      [`isthmus get ${singular} shop/orders -o yaml`, 'one of them, with all that it says'],
    )
    .names()
    .option(...federationOption)
    .addOption(noHeaders())
    .action((name: string | undefined, options: ListOptions & ScopeOptions) =>
      listOrOne(cli, scoped(kind, options), name, options),
    );
  if (singular !== plural) verb.alias(singular);
}

/** What stands in files; without files it is misuse, as of any verb that needs another. */
async function ofFiles(get: Verb, cli: Cli, options: FileOptions): Promise<void> {
  if (options.file === undefined) return get.help({ error: true });
  const { readPolicies } = await import('../documents/read.ts');
  const { listPolicies } = await import('../documents/look.ts');
  const policies = await readPolicies(cli, options);
  if (policies) await listPolicies(cli, policies);
}
