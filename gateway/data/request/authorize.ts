/** Owns who may ask for what: other clusters for what this one exports. */
import { IsthmusError } from '../../../core/errors.ts';
import type { Step } from './step.ts';

export const exportedOnly: Step = {
  slot: 'authorize',
  take({ peer }, route) {
    if (route === undefined) return undefined;
    const { service, exported, exportedTo } = route;
    if (!exported) {
      return new IsthmusError('NOT_EXPORTED', {
        what: `${service} is not exported by this cluster`,
      });
    }
    if (exportedTo === undefined) return undefined;
    if (peer.kind === 'gateway' && exportedTo.includes(peer.cluster)) return undefined;
    const who = peer.kind === 'gateway' ? `cluster ${peer.cluster}` : 'who asks';
    return new IsthmusError('NOT_EXPORTED', {
      what: `${service} is exported by this cluster to others than ${who}`,
    });
  },
};
