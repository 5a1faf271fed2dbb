/** Owns `isthmus get`: what a gateway knows, kind by kind, all or the one that is named. */
import type { EndpointItem, ExportItem } from '../../gateway/control/api/answers.ts';
import type { Cli } from '../cli.ts';
import { clusterKind, endpointKind, exportKind, gatewayKind, serviceKind } from '../kinds.ts';
import { type ListOptions, listOrOne } from '../listing.ts';
import { serviceDefaultsKind, serviceExportKind, trafficPolicyKind } from '../policy-kinds.ts';
import { resolveService } from '../service-path.ts';
import { noHeaders, type Verb, watchOption } from '../verb.ts';
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
    )
    .helpCommand(false);

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
  get
    .command('traffic-policies')
    .alias('traffic-policy')
    .argument('[policy]', 'Only this one: <namespace>/<name>.')
    .description('List the traffic policies of this cluster that were written while it ran.')
    .examples(
      ['isthmus get traffic-policies', 'one line each, and whether it is in force'],
      ['isthmus get traffic-policy shop/orders -o yaml', 'one of them, with all that it says'],
    )
    .names()
    .addOption(noHeaders())
    .action((name: string | undefined, options: ListOptions) =>
      listOrOne(cli, trafficPolicyKind, name, options),
    );
  get
    .command('service-defaults')
    .argument('[policy]', 'Only this one: <namespace>/<service>.')
    .description(
      'List what holds for endpoints of services that were registered without saying it, as written while gateways ran.',
    )
    .examples(
      ['isthmus get service-defaults', 'one line each'],
      ['isthmus get service-defaults shop/orders -o yaml', 'of one service'],
    )
    .names()
    .addOption(noHeaders())
    .action((name: string | undefined, options: ListOptions) =>
      listOrOne(cli, serviceDefaultsKind, name, options),
    );
  get
    .command('service-exports')
    .alias('service-export')
    .argument('[policy]', 'Only this one: <namespace>/<service>.')
    .description('List which services this cluster was told to export, or to keep, while it ran.')
    .examples(
      ['isthmus get service-exports', 'one line each'],
      ['isthmus get service-export shop/orders', 'of one service'],
    )
    .names()
    .addOption(noHeaders())
    .action((name: string | undefined, options: ListOptions) =>
      listOrOne(cli, serviceExportKind, name, options),
    );
  getHappenings(get, cli);
}
