/** Owns who may ask at all: of those that come to the east-west listener, gateways. */
import { IsthmusError } from '../../../core/errors.ts';
import type { Step } from './step.ts';

export const gatewaysOnly: Step = {
  slot: 'authenticate',
  take: ({ peer }) =>
    peer.kind === 'gateway'
      ? undefined
      : new IsthmusError('PEER_REFUSED', {
          what: `${peer.kind === 'stranger' ? peer.id : peer.address} is not a gateway`,
        }),
};
