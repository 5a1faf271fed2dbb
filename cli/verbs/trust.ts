/** Owns `isthmus trust`: how trust stands, changing this cluster's root, trying it, and trusting a cluster no more. */

import { parseClusterName } from '../../core/names.ts';
import type {
  Items,
  RevocationItem,
  RotationItem,
  Status,
  TrustItem,
  Verification,
} from '../../gateway/control/api/answers.ts';
import type { Cli } from '../cli.ts';
import { confirm, requireAnswer } from '../confirm.ts';
import { describeTrust } from '../descriptions/trust.ts';
import { exitCodes } from '../exit.ts';
import { type Column, renderTable } from '../table.ts';
import { printable } from '../terminal.ts';
import { followRevocation, followRotation } from '../trust-progress.ts';
import { noHeaders, type Verb } from '../verb.ts';
import { foreignVerb } from './trust-foreign.ts';
import { operatorVerb } from './trust-operator.ts';
import { retireVerb } from './trust-retire.ts';

export function trustVerb(program: Verb, cli: Cli): void {
  const trust = program
    .command('trust')
    .description(
      'See how trust stands, change the root of this cluster, trust a cluster no more, or make certificates of persons.',
    )
    .examples(
      ['isthmus trust show', 'the roots of all clusters, and who believes which'],
      ['isthmus trust rotate --wait', 'the next root signs once all believe it'],
    )
    .helpCommand(false);
  showVerb(trust, cli);
  foreignVerb(trust, cli);
  rotateVerb(trust, cli);
  retireVerb(trust, cli);
  verifyVerb(trust, cli);
  revokeVerb(trust, cli);
  operatorVerb(trust, cli);
}

function showVerb(trust: Verb, cli: Cli): void {
  trust
    .command('show')
    .argument('[cluster]', 'Only of this one.')
    .description("Show each cluster's roots, which of them signs, and which gateways believe them.")
    .examples(['isthmus trust show dc2', 'the roots of dc2'])
    .names()
    .action(async (only: string | undefined) => {
      if (only !== undefined) parseClusterName(only);
      const admin = await cli.admin();
      const { items } = await admin.get<Items<TrustItem>>('/v1/trust');
      const shown = items.filter(({ cluster }) => only === undefined || cluster === only);
      cli.print(
        { items: shown },
        (view) => shown.map((item) => describeTrust(item, view)).join('\n\n'),
        () => shown.map(({ cluster }) => printable(cluster)).join('\n'),
      );
    });
}

interface RotateOptions {
  readonly force?: boolean;
  readonly wait?: boolean;
  readonly yes?: boolean;
}

function rotateVerb(trust: Verb, cli: Cli): void {
  trust
    .command('rotate')
    .description('Make the next root of this cluster, which signs as soon as all believe it.')
    .option('--wait', 'Until it signs; names who is waited for.')
    .option('--force', 'Sign by it although some gateways have not taken it up.')
    .option('-y, --yes', 'Go ahead without asking.')
    .examples(
      ['isthmus trust rotate --wait', 'asks first, and ends when the new root signs'],
      ['isthmus trust rotate --force', 'those who do not know it are cut off until they do'],
    )
    .action(async ({ force = false, wait = false, yes }: RotateOptions) => {
      requireAnswer(cli, yes, 'isthmus trust rotate');
      const admin = await cli.admin();
      const { cluster } = await admin.get<Status>('/v1/status');
      const before = await admin.get<RotationItem>('/v1/trust/rotation');
      cli.note(printable(planOf(cluster, before, force)));
      if (!(await confirm(cli, yes, printable(`Change the root of ${cluster}?`)))) return;
      let now = await admin.send<RotationItem>('POST', '/v1/trust/rotation', { force });
      if (wait) now = await followRotation(cli, admin);
      cli.print(now, () => printable(standingOf(cluster, now)));
    });
}

function planOf(cluster: string, { phase, other, laggards }: RotationItem, force: boolean): string {
  if (phase !== 'stable') {
    const late = laggards.join(', ') || 'nobody';
    return force
      ? `Root ${other} of ${cluster} signs at once. Cut off until they take it up: ${late}.`
      : `The root of ${cluster} is being changed already; waited for: ${late}.`;
  }
  return force
    ? `${cluster} gets another root, which signs at once: who has not taken it up by then is cut off until it does.`
    : `${cluster} gets another root. It signs once every gateway that can be reached believes it; the present one stays until \`isthmus trust retire\`. Unused join tokens of ${cluster} have to be made anew.`;
}

function standingOf(cluster: string, { phase, signing, other, laggards }: RotationItem): string {
  if (phase === 'stable') return `Root ${signing} of ${cluster} signs, and is the only one`;
  if (phase === 'published') {
    return `Root ${other} of ${cluster} is published, and waits for ${laggards.join(', ') || 'the registry'}`;
  }
  return `Root ${signing} of ${cluster} signs. Then end the one from before: isthmus trust retire`;
}

type Link = Verification['links'][number];

const linkColumns: readonly Column<Link>[] = [
  { title: 'FROM', cell: ({ from }) => from },
  { title: 'TO', cell: ({ to }) => to },
  { title: 'ADDRESS', cell: ({ address }) => address },
  {
    title: 'OUTCOME',
    cell: ({ outcome }) => outcome,
    color: ({ outcome }) =>
      outcome === 'verified' ? 'green' : outcome === 'unreachable' ? 'yellow' : 'red',
  },
  { title: 'WHY', cell: ({ why }) => why, overlong: 'continued' },
];

function verifyVerb(trust: Verb, cli: Cli): void {
  trust
    .command('verify')
    .description(
      'Try whether this cluster and the others verify each other, by handshakes made now.',
    )
    .examples(['isthmus trust verify', 'from here to all, and from all to here'])
    .addOption(noHeaders())
    .action(async ({ headers }: { readonly headers: boolean }) => {
      const admin = await cli.admin();
      const answer = await admin.get<Verification>('/v1/trust/verification');
      const { links, missing } = answer;
      cli.print(answer, (view) =>
        links.length === 0 ? '' : renderTable(linkColumns, links, { ...view, headers }),
      );
      if (links.length === 0) cli.note('There is no other cluster.');
      for (const gateway of missing) {
        cli.note(printable(`The gateway of ${gateway} was not asked: it does not answer.`));
      }
      const isWell = links.every(({ outcome }) => outcome === 'verified') && missing.length === 0;
      if (!isWell) cli.exitCode = exitCodes.degraded;
    });
}

function revokeVerb(trust: Verb, cli: Cli): void {
  trust
    .command('revoke')
    .argument('<cluster>', 'The cluster that nobody is to trust any more.')
    .description(
      'Trust a cluster no more, anywhere: it is evicted though it may be alive, its connections are cut, and it is said who has done so.',
    )
    .option('-y, --yes', 'Go ahead without asking.')
    .examples(['isthmus trust revoke dc3', 'dc3 was broken into'])
    .action(async (cluster: string, { yes }: { readonly yes?: boolean }) => {
      parseClusterName(cluster);
      requireAnswer(cli, yes, 'isthmus trust revoke');
      const admin = await cli.admin();
      const { federation } = await admin.get<Status>('/v1/status');
      cli.note(
        printable(
          `Every gateway of ${federation} will refuse ${cluster}, cut its connections and forget its services. To come back it needs a new token.`,
        ),
      );
      if (!(await confirm(cli, yes, printable(`Trust ${cluster} no more?`)))) return;
      await admin.send('POST', '/v1/federation/leave', { cluster, force: true });
      const done: RevocationItem = await followRevocation(cli, admin, cluster);
      const columns: readonly Column<RevocationItem['gateways'][number]>[] = [
        { title: 'GATEWAY', cell: (one) => `${one.cluster}/${one.gateway}` },
        {
          title: 'STATE',
          cell: ({ state }) => state,
          color: ({ state }) => (state === 'revoked' ? 'green' : 'red'),
        },
      ];
      cli.print(done, (view) => renderTable(columns, done.gateways, view));
      if (done.gateways.some(({ state }) => state !== 'revoked')) {
        cli.exitCode = exitCodes.degraded;
      }
    });
}
