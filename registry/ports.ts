/** Owns the named ports of an endpoint, beside the one that has no name: what they are called, where they are, what is spoken there. */
import { z } from 'zod';
import { isLabel } from '../core/names.ts';
import { defaultProtocol, type Protocol, protocols } from './protocols.ts';

/** A port of an endpoint, by whose name clients ask for it. */
export interface NamedPort {
  readonly name: string;
  readonly port: number;
  readonly protocol: Protocol;
}

/** Most named ports of an endpoint, and of a service that another cluster is told of. */
export const mostPorts = 16;

export const portNameSchema = z
  .string()
  .refine(isLabel, 'use lower-case letters, digits and inner hyphens, at most 63 characters');

/** As it is kept: nothing is left to a default. */
const namedPortSchema = z.object({
  name: portNameSchema,
  port: z.int().min(1).max(65_535),
  protocol: z.enum(protocols),
});

/** Ports as they are kept, none of them twice. */
export const namedPortsSchema = z
  .array(namedPortSchema)
  .max(mostPorts)
  .refine(isEachNamedOnce, 'a name is there twice');

/** Whether no two ports have one name. */
function isEachNamedOnce(ports: readonly Pick<NamedPort, 'name'>[]): boolean {
  return new Set(ports.map(({ name }) => name)).size === ports.length;
}

/** As people write it. */
export const writtenPortsSchema = z
  .array(
    z.strictObject({
      name: portNameSchema.describe(
        'Its name, by which clients ask for it: `grpc.orders.shop.<federation>`',
      ),
      port: z.int().min(1).max(65_535).describe('Where it is, at the address of the endpoint'),
      protocol: z
        .enum(protocols)
        .default(defaultProtocol)
        .describe('Protocol that is spoken there'),
    }),
  )
  .max(mostPorts)
  .refine(isEachNamedOnce, 'a name is there twice');
