/** Owns `isthmus describe`: all that one gateway knows of one thing, for a person to read. */
import type { Cli } from '../cli.ts';
import { description, type Findings } from '../descriptions/description.ts';
import type { FileOptions } from '../documents/read.ts';
import { gatewayKind } from '../kinds.ts';
import { one } from '../listing.ts';
import { federationOption, listedKinds, type ScopeOptions, scoped } from '../policy-kinds.ts';
import { fileOptions, type Verb } from '../verb.ts';

export function describeVerb(program: Verb, cli: Cli): void {
  const describe = program
    .command('describe')
    .description(
      'Show all that is known of one cluster, service, endpoint, link, gateway or policy.',
    )
    .examples(
      [
        'isthmus describe cluster dc2',
        'how it is reached, trusted, what it exports, what happened',
      ],
      ['isthmus describe service api.prod', 'its copies here and elsewhere, and where requests go'],
      ['isthmus describe -f policies/', 'the policies that files name, as they are'],
    )
    .allowExcessArguments()
    .helpCommand(false);
  fileOptions(describe).action((options: FileOptions) => ofFiles(describe, cli, options));
  const add = (name: string, summary: string, example: string, ...args: [string, string][]) => {
    const verb = describe.command(name).description(summary).examples([example, 'from here, now']);
    for (const [arg, what] of args) verb.argument(arg, what);
    return verb;
  };
  add('cluster', 'Show a member cluster.', 'isthmus describe cluster dc2', [
    '<cluster>',
    'Its name.',
  ]).action(async (name: string) => {
    const { describeCluster } = await import('../descriptions/cluster.ts');
    print(cli, await describeCluster(await cli.admin(), name));
  });
  add('service', 'Show a service.', 'isthmus describe service api.prod', [
    '<service>',
    '<service>.<namespace>, or its whole host.',
  ]).action(async (name: string) => {
    const { describeService } = await import('../descriptions/service.ts');
    print(cli, await describeService(await cli.admin(), name));
  });
  add(
    'endpoint',
    "Show an endpoint of the gateway's own cluster.",
    'isthmus describe endpoint api.prod/a1',
    ['<endpoint>', '<service>.<namespace>/<id>.'],
  ).action(async (name: string) => {
    const { describeEndpoint } = await import('../descriptions/endpoint.ts');
    print(cli, await describeEndpoint(await cli.admin(), name));
  });
  add(
    'link',
    'Show how two clusters reach each other.',
    'isthmus describe link dc1 dc2',
    ['<cluster>', 'One of them.'],
    ['<other>', 'The other.'],
  ).action(async (from: string, to: string) => {
    const { describeLink } = await import('../descriptions/link.ts');
    print(cli, await describeLink(await cli.admin(), from, to));
  });
  for (const kind of listedKinds) {
    const { singular } = kind;
    const summary = `Show a ${singular.replaceAll('-', ' ')} that was written while gateways ran.`;
    add(singular, summary, `isthmus describe ${singular} shop/orders`, [
      `<${singular}>`,
      '<namespace>/<name>.',
    ])
      .option(...federationOption)
      .action(async (name: string, options: ScopeOptions) => {
        const { describePolicy } = await import('../descriptions/policy.ts');
        print(cli, await describePolicy(await cli.admin(), scoped(kind, options), name));
      });
  }
  add('gateway', 'Show the gateway that is asked, or another.', 'isthmus describe gateway', [
    '[gateway]',
    'Another one: <cluster>/<id>, or the id of one of the same cluster.',
  ]).action(async (name: string | undefined) => {
    const admin = await cli.admin();
    if (name !== undefined) {
      const gateway = await one(admin, gatewayKind, name);
      if (!gateway.self) {
        const { describeOtherGateway } = await import('../descriptions/other-gateway.ts');
        return print(cli, await describeOtherGateway(admin, gateway));
      }
    }
    const { describeGateway } = await import('../descriptions/gateway.ts');
    print(cli, await describeGateway(admin));
  });
}

function print(cli: Cli, findings: Findings): void {
  cli.print(findings.data, (view) => description(findings, view));
}

/** What stands in files; without files it is misuse, as of any verb that needs another. */
async function ofFiles(describe: Verb, cli: Cli, options: FileOptions): Promise<void> {
  if (options.file === undefined) return describe.help({ error: true });
  const { readPolicies } = await import('../documents/read.ts');
  const { describePolicies } = await import('../documents/look.ts');
  const policies = await readPolicies(cli, options);
  if (policies) await describePolicies(cli, policies);
}
