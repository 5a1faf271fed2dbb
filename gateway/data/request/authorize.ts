/** Owns who may ask for what: other clusters for what this one exports. */
import { IsthmusError } from '../../../core/errors.ts';
import type { Step } from './step.ts';

export const exportedOnly: Step = {
  slot: 'authorize',
  take: (_, route) =>
    route === undefined || route.exported
      ? undefined
      : new IsthmusError('NOT_EXPORTED', {
          what: `${route.service} is not exported by this cluster`,
        }),
};
