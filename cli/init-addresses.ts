/** Owns the addresses that `isthmus init` writes down: where a gateway listens and where others dial it, as flags give them. */
import { isIPv6 } from 'node:net';
import type { z } from 'zod';
import { formatAddress, isWildcard, readAddress } from '../core/address.ts';
import { IsthmusError } from '../core/errors.ts';
import { ownAddress } from '../core/own-address.ts';
import { adminAddressSchema, dialedAddressSchema } from '../gateway/control/config/addresses.ts';
import { addressSchema } from '../registry/model.ts';

export interface AddressOptions {
  readonly listenOutbound?: string;
  readonly listenEastWest?: string;
  readonly listenFederation?: string;
  readonly listenAdmin?: string;
  readonly listenRegistry?: string;
  /** A host, to go before each port that is listened on. */
  readonly advertise?: string;
  readonly advertiseEastWest?: string;
  readonly advertiseFederation?: string;
  readonly advertiseRegistry?: string;
}

/** Where others reach a listener may differ in port too, behind a translation of addresses. */
export interface Addresses {
  readonly outbound: string;
  readonly admin: string;
  readonly eastWest: Reached;
  readonly federation: Reached;
  readonly registry: Reached;
}

export interface Reached {
  readonly listen: string;
  readonly advertise: string;
}

/** Throws CONFIG_INVALID naming the flag, NAME_INVALID for a host that nobody can dial. */
export async function addressesOf(options: AddressOptions): Promise<Addresses> {
  const reached = async (
    name: 'east-west' | 'federation' | 'registry',
    standard: string,
    given?: string,
    told?: string,
  ): Promise<Reached> => {
    const listen = listened(`--listen-${name}`, given, standard, addressSchema);
    const port = readAddress(listen)?.port ?? 0;
    const advertise = told ?? `${await advertisedHost(options.advertise)}:${port}`;
    return { listen, advertise: valid(`--advertise-${name}`, advertise, dialedAddressSchema) };
  };
  const { listenEastWest, listenFederation, listenRegistry } = options;
  return {
    outbound: listened(
      '--listen-outbound',
      options.listenOutbound,
      '127.0.0.1:7080',
      addressSchema,
    ),
    admin: listened('--listen-admin', options.listenAdmin, '127.0.0.1:7001', adminAddressSchema),
    eastWest: await reached('east-west', '0.0.0.0:7443', listenEastWest, options.advertiseEastWest),
    federation: await reached(
      'federation',
      '0.0.0.0:7444',
      listenFederation,
      options.advertiseFederation,
    ),
    registry: await reached('registry', '0.0.0.0:7379', listenRegistry, options.advertiseRegistry),
  };
}

/** A port alone keeps the standard host. */
function listened(
  flag: string,
  given: string | undefined,
  standard: string,
  schema: z.ZodType<string>,
): string {
  if (given === undefined) return standard;
  const isPort = /^\d+$/.test(given);
  const { host = '' } = readAddress(standard) ?? {};
  return valid(flag, isPort ? formatAddress(host, Number(given)) : given, schema);
}

function valid(flag: string, address: string, schema: z.ZodType<string>): string {
  const { error } = schema.safeParse(address);
  if (error === undefined) return address;
  throw new IsthmusError('CONFIG_INVALID', {
    what: `${flag} can't be ${JSON.stringify(address)}: ${error.issues[0]?.message ?? 'invalid'}`,
    fix: 'Use host:port, with a port from 1 to 65535; where it listens also a port alone.',
  });
}

/** The host as it stands before a port: an IPv6 address gets its brackets. */
async function advertisedHost(given: string | undefined): Promise<string> {
  const host = given ?? (await ownAddress());
  const authority = formatAddress(host, 1).slice(0, -2);
  if (isWildcard(host)) {
    throw new IsthmusError('NAME_INVALID', {
      what: `${host} stands for every address of a machine: nobody can dial it`,
      fix: 'Use a DNS name or an IP address that the other clusters reach.',
    });
  }
  if (isIPv6(host) === host.includes(':') && addressSchema.safeParse(`${authority}:1`).success)
    return authority;
  throw new IsthmusError('NAME_INVALID', {
    what: `${JSON.stringify(host.slice(0, 80))} is not a host`,
    fix: 'Use a DNS name or an IP address, without a port.',
  });
}
