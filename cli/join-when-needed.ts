/** Owns joining with nobody there to ask: at every start of a machine or pod, and only where its gateway is no member. */
import { setTimeout as delay } from 'node:timers/promises';
import { asIsthmusError, IsthmusError } from '../core/errors.ts';
import type { CreatedToken, JoinResult, Status } from '../gateway/control/api/answers.ts';
import { type AdminClient, joinTimeoutMs } from './admin-client.ts';
import type { Cli } from './cli.ts';
import { readToken } from './secret.ts';
import { printable } from './terminal.ts';

/** For the gateway to answer, and for a sibling to admit it. */
const patienceMs = 60_000;
const pauseMs = 500;

/**
 * Has a sibling admit the gateway, or joins by the token if one is given. Where there is neither it is left to be joined by hand. Throws
 * AUTHORITY_LOST for a gateway that only a sibling can help, and what a join throws.
 */
export async function joinWhenNeeded(
  cli: Cli,
  given: { readonly argument?: string | undefined; readonly file?: string | undefined },
  siblings: readonly string[],
): Promise<void> {
  const admin = await cli.admin();
  const deadline = performance.now() + patienceMs;
  const { federation, registry, state } = await answered(admin, deadline);
  const isDisplaced = state === 'displaced';
  if (registry.kind !== 'standalone' && !isDisplaced) {
    cli.print({ joined: false }, () => `a member of ${printable(federation)} already`);
    return;
  }
  do {
    for (const sibling of siblings) {
      const token = await gatewayToken(cli, sibling);
      if (token !== undefined) return joined(cli, admin, token);
    }
    if (isDisplaced && siblings.length > 0) await delay(pauseMs);
    // Another of its own cluster has to admit it; all else may go on without.
  } while (isDisplaced && siblings.length > 0 && performance.now() < deadline);
  const isGiven = given.argument !== undefined || given.file !== undefined;
  const hasToken = isGiven || cli.io.env['ISTHMUS_TOKEN'] !== undefined;
  // Only one that puts it in place of the cluster there is will do, and who made it knows.
  if (isDisplaced && !hasToken) {
    throw new IsthmusError('AUTHORITY_LOST', { what: 'No gateway of its cluster admits this one' });
  }
  if (hasToken) return joined(cli, admin, await readToken(cli, given));
  cli.print({ joined: false }, () => 'no member, and there is no token: join it by hand');
}

async function joined(cli: Cli, admin: AdminClient, token: string): Promise<void> {
  const result = await admin.send<JoinResult>(
    'POST',
    '/v1/federation/join',
    { token },
    {},
    joinTimeoutMs,
  );
  cli.print(result, () => `joined ${printable(result.federation)} via ${printable(result.via)}`);
}

async function answered(admin: AdminClient, deadline: number): Promise<Status> {
  for (;;) {
    try {
      return await admin.get<Status>('/v1/status');
    } catch (thrown) {
      if (asIsthmusError(thrown).code !== 'ADMIN_UNREACHABLE' || performance.now() > deadline) {
        throw thrown;
      }
      await delay(pauseMs);
    }
  }
}

/** One that is not there, or no member itself, has no token to give. */
async function gatewayToken(cli: Cli, sibling: string): Promise<string | undefined> {
  try {
    const admin = await cli.adminAt(sibling);
    return (await admin.send<CreatedToken>('POST', '/v1/tokens', { admits: 'gateway' })).token;
  } catch (thrown) {
    const { code, message } = asIsthmusError(thrown);
    cli.note(`${printable(sibling)} does not admit it: ${code}: ${printable(message)}`);
    return undefined;
  }
}
