/** Owns the list of the kinds of resource that the admin API has: declarations only, for whoever offers them elsewhere too. */
import type { Resource } from './resource.ts';
import { clusterResource } from './resources/cluster.ts';
import { drainResource } from './resources/drain.ts';
import { drillScheduleResource } from './resources/drill-schedule.ts';
import { endpointResource } from './resources/endpoint.ts';
import { failoverResource } from './resources/failover.ts';
import { policyResources } from './resources/policies.ts';
import { policyGrantResource } from './resources/policy-grant.ts';

export const resources: readonly Resource[] = [
  clusterResource,
  endpointResource,
  drillScheduleResource,
  drainResource,
  failoverResource,
  policyGrantResource,
  ...policyResources.map((one) => one.resource),
];
