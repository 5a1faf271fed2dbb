/** Owns the list of all that this provider offers. */
import { resources } from '../../gateway/control/api/resources.ts';
import { dataSources } from './data-sources/data-sources.ts';
import { ephemeralResources } from './ephemeral/ephemeral-resources.ts';
import { functions } from './functions/functions.ts';
import { managedJoinToken } from './join-token/managed.ts';
import type { Offer } from './offer.ts';
import { ApiResource } from './resources/api-resource.ts';

/** Every kind of resource that the admin API declares is one of Terraform's. A join token is none there: it is made, and not put. */
export const offered: Offer = {
  resources: [...resources.map((one) => new ApiResource(one)), managedJoinToken],
  dataSources,
  ephemeralResources,
  functions,
};
