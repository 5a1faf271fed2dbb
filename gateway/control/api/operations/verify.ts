/** Owns the operations of the pairwise matrix: verifying all clusters from all, and what gateways ask each other for it. */
import type { Clock } from '../../../../core/clock.ts';
import { IsthmusError } from '../../../../core/errors.ts';
import type { GatewayConfig } from '../../config/config.ts';
import type { WrittenPolicies } from '../../policies/written-policies.ts';
import { factsPath, policyFacts } from '../../verify/facts.ts';
import { transferBody, transferBytes, transferPath } from '../../verify/transfer.ts';
import { rowPath, type Verifier } from '../../verify/verifier.ts';
import type { Principal } from '../access/principal.ts';
import { type Operation, operation } from '../operation.ts';
import {
  factsSchema,
  matrixRowSchema,
  matrixSchema,
  rowQuerySchema,
  verifyBodySchema,
} from '../schema/verify.ts';

const tag = 'Federation';

interface VerifiedParts {
  readonly config: Pick<GatewayConfig, 'cluster' | 'gateway'>;
  readonly writtenPolicies: Pick<WrittenPolicies, 'views'>;
}

export function verifyOperations(
  { config, writtenPolicies }: VerifiedParts,
  verifier: Pick<Verifier, 'budget' | 'look' | 'row' | 'verify'>,
  clock: Clock,
): Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/v1/verify',
      id: 'getMatrix',
      tag,
      summary: 'How each cluster sees each other one, as its gateways found last',
      role: 'viewer',
      answer: matrixSchema,
      handle: () => verifier.verify(),
    }),
    operation({
      method: 'POST',
      path: '/v1/verify',
      id: 'verify',
      tag,
      summary: 'Has the gateways of each cluster look at each other cluster now',
      role: 'operator',
      onlyAsks: true,
      body: verifyBodySchema,
      answer: matrixSchema,
      handle: ({ body }) => verifier.verify(body),
    }),
    operation({
      method: 'GET',
      path: rowPath,
      id: 'getMatrixRow',
      tag,
      summary: 'How this gateway sees each other cluster; other gateways alone may have it look',
      role: 'viewer',
      query: rowQuerySchema,
      answer: matrixRowSchema,
      handle({ query: { look, ...asked }, caller }) {
        if (look === 'last') return verifier.row;
        assertGateway(caller);
        return verifier.look(asked);
      },
    }),
    operation({
      method: 'GET',
      path: factsPath,
      id: 'getGatewayFacts',
      tag,
      summary: 'What this gateway tells those that verify it',
      role: 'viewer',
      answer: factsSchema,
      handle() {
        const { cluster, gateway } = config;
        const policies = policyFacts(writtenPolicies.views);
        return { cluster, gateway, timeMs: clock.now(), policies };
      },
    }),
    operation({
      method: 'GET',
      path: transferPath,
      id: 'getTransfer',
      tag,
      summary: '4 MiB that say nothing, for other gateways alone: to measure bandwidth by',
      role: 'viewer',
      media: 'application/octet-stream',
      async handle({ caller, reply }) {
        assertGateway(caller);
        verifier.budget.take();
        return reply
          .header('cache-control', 'no-store')
          .header('content-length', transferBytes)
          .type('application/octet-stream')
          .send(transferBody());
      },
    }),
  ];
}

/** A gateway that looks makes connections, and a transfer fills a line: members have a use for that, nobody else. Throws FORBIDDEN. */
function assertGateway({ isGateway = false, name }: Principal): void {
  if (isGateway) return;
  throw new IsthmusError('FORBIDDEN', {
    what: `This is for other gateways of the federation, and ${name} is none`,
    fix: 'Ask for `POST /v1/verify`: gateways ask each other then.',
  });
}
