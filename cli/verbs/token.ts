/** Owns `isthmus token`: making the one secret another cluster needs to join, or another gateway of this one to be of it, and revoking it. */
import type { CreatedToken } from '../../gateway/control/api/answers.ts';
import type { Cli } from '../cli.ts';
import { printable } from '../terminal.ts';
import type { Verb } from '../verb.ts';
import { moment } from '../words.ts';

interface CreateOptions {
  readonly ttl?: string;
  readonly gateway?: boolean;
  readonly replaces?: string;
}

export function tokenVerb(program: Verb, cli: Cli): void {
  const token = program
    .command('token')
    .description('Make join tokens, and revoke them.')
    .examples(['isthmus token create > token', 'a token for one cluster, valid 15 minutes'])
    .helpCommand(false);

  token
    .command('create')
    .description('Create a join token: one cluster can use it, once, before it expires.')
    .option('--gateway', 'For one more gateway of this cluster, which is given its authority.')
    .option(
      '--replaces <cluster>',
      'For a cluster of that name, in place of the one there is: it lost its data, and all its gateways are down.',
    )
    .option('--ttl <duration>', 'How long it is valid, such as 90s, 15m or 2h. Default 15m.')
    .examples(
      ['isthmus token create', 'print a token'],
      ['isthmus token create --ttl 1h > token', 'into a file, valid one hour'],
      [
        'isthmus token create --gateway > token',
        'for a new gateway of this cluster, or one that lost its data',
      ],
      [
        'isthmus token create --replaces dc2 > token',
        'for dc2, which lost its data and joins anew',
      ],
      ['isthmus token create | ssh dc2 isthmus join - --yes', 'never written down'],
    )
    .action(async ({ ttl, gateway, replaces }: CreateOptions) => {
      const admin = await cli.admin();
      const body = {
        ...(ttl !== undefined && { ttl }),
        ...(gateway && { admits: 'gateway' }),
        ...(replaces !== undefined && { replaces }),
      };
      const created = await admin.send<CreatedToken>('POST', '/v1/tokens', body);
      cli.print(created, () => created.token);
      cli.note(
        [
          `Token ${created.id} is valid once, until ${moment(created.expiresAt)}.`,
          `On the other ${gateway ? 'gateway' : 'cluster'}: isthmus join --token-file FILE`,
          ...(replaces === undefined
            ? []
            : [printable(`It puts another ${replaces} in place of the one that is a member now.`)]),
          ...(gateway ? ['It hands over the authority of this cluster: pass it on as such.'] : []),
          `It will show this fingerprint: ${created.fingerprint}`,
        ].join('\n'),
      );
    });

  token
    .command('revoke')
    .argument('<id>', 'Id of the token, as `token create` showed it.')
    .description('Revoke a join token that nobody has used: it admits nobody any more.')
    .examples(['isthmus token revoke 5f0c33a1b2d4e6f8', 'a token that went astray'])
    .action(async (id: string) => {
      const admin = await cli.admin();
      await admin.send('DELETE', `/v1/tokens/${encodeURIComponent(id)}`);
      cli.print({ id, revoked: true }, () => printable(`revoked ${id}`));
    });
}
