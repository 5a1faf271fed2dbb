/** Owns the operation by which gateways tell each other what they let through of limits that they share. */
import { givenPath, givenSchema, type SharedLimits } from '../../limits/shared-limits.ts';
import { type Operation, operation } from '../operation.ts';
import { named } from '../schema/shape.ts';

export function limitOperations({
  sharedLimits,
}: {
  readonly sharedLimits: Pick<SharedLimits, 'given'>;
}): Operation[] {
  return [
    operation({
      method: 'GET',
      path: givenPath,
      id: 'getGivenTokens',
      tag: 'Policies',
      summary: 'What this gateway has let through of rate limits that gateways share',
      role: 'viewer',
      answer: named(
        'GivenTokens',
        'Requests let through, by rate limit and bucket',
        givenSchema.shape,
      ),
      handle: () => sharedLimits.given,
    }),
  ];
}
