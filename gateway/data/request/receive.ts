/** Owns refusing requests as soon as their head was read, whichever service they are for. */
import { IsthmusError } from '../../../core/errors.ts';
import type { Step } from './step.ts';

/** The first step: a request that is refused here costs least. */
export function overload(isOverloaded: () => boolean): Step {
  return {
    slot: 'receive',
    take: () =>
      isOverloaded()
        ? new IsthmusError('OVERLOADED', { what: 'The gateway has more to do than it can' })
        : undefined,
  };
}

/** An ingress leads to services by HTTP; octets have listeners of their own. */
export const noConnect: Step = {
  slot: 'receive',
  take: ({ head }) =>
    head.tunnel?.kind === 'tcp'
      ? new IsthmusError('REQUEST_REFUSED', {
          what: 'CONNECT is not offered here',
          fix: 'Use a TCP listener or TLS passthrough for services that do not speak HTTP.',
        })
      : undefined,
};
