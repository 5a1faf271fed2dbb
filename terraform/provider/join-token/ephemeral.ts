/** Owns the join token that is in no state and no plan: for what takes it at once, and keeps it where secrets are kept. */
import type { EphemeralResource } from '../offer.ts';
import { asked, askedFaults, made, makeToken } from './making.ts';

export const ephemeralJoinToken: EphemeralResource = {
  name: 'join_token',
  description:
    'A join token that is kept in no state and no plan. Every plan and every apply that uses it makes another one, and each is valid until it is used or expires',
  attributes: { ...asked, ...made },
  validate: askedFaults,
  async open(config, gateway) {
    const admits = config['admits'] ?? asked['admits']?.default ?? null;
    return { ...config, admits, ...(await makeToken(config, gateway)) };
  },
};
