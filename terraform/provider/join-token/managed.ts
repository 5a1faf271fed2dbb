/** Owns the join token that is kept in the state: made once, and revoked when it is destroyed. */
import { asIsthmusError } from '../../../core/errors.ts';
import { Refusal } from '../diagnostics.ts';
import type { ManagedResource } from '../offer.ts';
import { planned } from '../resources/planning.ts';
import type { Attributes } from '../schema/attribute.ts';
import { asked, askedFaults, made, makeToken } from './making.ts';

const attributes: Attributes = {
  ...asked,
  keepers: {
    shape: { kind: 'map', of: { kind: 'string' } },
    setBy: 'optional',
    description: 'Any values; when one of them changes another token is made',
  },
  ...made,
};

export const managedJoinToken: ManagedResource = {
  name: 'join_token',
  description:
    'A join token that is kept in the state, as a sensitive value; where Terraform is 1.10 or later, the ephemeral resource of this name keeps it out of there. It is not made anew when it has been used or has expired: see `keepers`. Destroying it revokes it',
  attributes,
  validate: askedFaults,
  plan: (config, prior) => planned(attributes, [...Object.keys(asked), 'keepers'], config, prior),
  async create(values, gateway) {
    return { state: { ...values, ...(await makeToken(values, gateway)) } };
  },
  // A gateway tells nobody of a token that it made.
  read: async (prior) => prior,
  // All that can be given is given for good.
  update: async (values) => ({ state: values }),
  async delete({ state }, gateway) {
    try {
      await gateway.send('DELETE', `/v1/tokens/${encodeURIComponent(String(state['id']))}`);
    } catch (thrown) {
      if (asIsthmusError(thrown).code !== 'TOKEN_NOT_FOUND') throw thrown;
    }
  },
  named() {
    throw new Refusal({
      severity: 'error',
      summary: 'A join token has no import',
      detail: 'It is shown once, to whoever makes it. Make another one.',
    });
  },
};
