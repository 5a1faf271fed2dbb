/** Owns the types of the admin API's answers: what the server sends, and the CLI and the UI read. Their shapes are in `schema/`. */
import type { z } from 'zod';
import type { policyKinds } from '../../../policy/kinds.ts';
import type { PolicyItem } from './resources/policies.ts';
import type { policyGrantResource } from './resources/policy-grant.ts';
import type { auditItemSchema } from './schema/audit.ts';
import type { clusterItemSchema } from './schema/clusters.ts';
import type { explanationSchema } from './schema/explanation.ts';
import type {
  createdTokenSchema,
  joinResultSchema,
  leaveResultSchema,
} from './schema/federation.ts';
import type {
  findingSchema,
  problemItemSchema,
  readinessSchema,
  sessionSchema,
  statusSchema,
} from './schema/gateway.ts';
import type { gatewayItemSchema } from './schema/gateways.ts';
import type { eventItemSchema } from './schema/journal.ts';
import type { registryReportSchema } from './schema/registry.ts';
import type { requestExplanationSchema } from './schema/request-explanation.ts';
import type {
  changedEndpointsSchema,
  endpointItemSchema,
  exportItemSchema,
  registeredEndpointSchema,
  serviceItemSchema,
} from './schema/services.ts';
import type {
  graphEdgeSchema,
  graphNodeSchema,
  graphSchema,
  trafficItemSchema,
  trafficSchema,
} from './schema/traffic.ts';
import type {
  foreignTrustSchema,
  operatorSchema,
  retirementSchema,
  revocationSchema,
  rotationSchema,
  trustItemSchema,
  verificationSchema,
} from './schema/trust.ts';
import type { matrixSchema } from './schema/verify.ts';

export interface Items<T> {
  readonly items: readonly T[];
  /** The cursor of the next page; absent on the last one. */
  readonly next?: string;
}

/** `GET /v1/status` */
export type Status = z.output<typeof statusSchema>;
export type ProblemItem = z.output<typeof problemItemSchema>;
/** `GET /readyz` */
export type ReadinessItem = z.output<typeof readinessSchema>;
/** `GET /v1/session` */
export type Session = z.output<typeof sessionSchema>;
/** `GET /v1/check` */
export type Finding = z.output<typeof findingSchema>;

/** `GET /v1/clusters` */
export type ClusterItem = z.output<typeof clusterItemSchema>;
/** `GET /v1/gateways` */
export type GatewayItem = z.output<typeof gatewayItemSchema>;
/** `GET /v1/registry` */
export type RegistryReport = z.output<typeof registryReportSchema>;
/** `GET /v1/trust` */
export type TrustItem = z.output<typeof trustItemSchema>;

/** `GET /v1/trust/foreign` */
export type ForeignTrustItem = z.output<typeof foreignTrustSchema>;

/** `GET /v1/grants/policy` */
export type PolicyGrantItem = z.output<typeof policyGrantResource.answer>;

/** `GET /v1/trust/rotation` */
export type OperatorCertificate = z.output<typeof operatorSchema>;
export type RotationItem = z.output<typeof rotationSchema>;

/** `GET /v1/trust/verification` */
export type Verification = z.output<typeof verificationSchema>;

/** `GET /v1/trust/revocations/{cluster}` */
export type RevocationItem = z.output<typeof revocationSchema>;

/** `POST /v1/trust/retirement` */
export type Retirement = z.output<typeof retirementSchema>;

/** `GET /v1/history` */
export type { PastAnswer, PastChanges } from './schema/history.ts';

/** `GET /v1/services` */
export type ServiceItem = z.output<typeof serviceItemSchema>;
/** `GET /v1/endpoints` */
export type EndpointItem = z.output<typeof endpointItemSchema>;
/** `PUT /v1/services/.../endpoints/{id}` */
export type RegisteredEndpoint = z.output<typeof registeredEndpointSchema>;
/** `POST /v1/endpoints` */
export type ChangedEndpoints = z.output<typeof changedEndpointsSchema>;
/** `GET /v1/exports` */
export type ExportItem = z.output<typeof exportItemSchema>;
/** `GET /v1/explain/{service}` */
export type ExplainAnswer = z.output<typeof explanationSchema>;
/** `POST /v1/explain` */
export type RequestExplanation = z.output<typeof requestExplanationSchema>;

export type { PolicyItem } from './resources/policies.ts';
/** `POST /v1/policies/effect` */
export type { PolicyEffect } from './schema/policy-effect.ts';
/** `POST /v1/policies/plan` */
export type { PolicyPlan } from './schema/policy-plan.ts';
/** `POST /v1/policies/read` */
export type { PolicyReading } from './schema/policy-reading.ts';
/** `GET /v1/requests/{id}` */
export type { ExplainedSample } from './schema/sampled-requests.ts';
/** Topic `policies` of the live stream */
export type { PolicySummary } from './view/policies.ts';
/** `GET /v1/traffic-policies` */
export type TrafficPolicyItem = PolicyItem & z.output<typeof policyKinds.TrafficPolicy.spec>;
/** `GET /v1/service-defaults` */
export type ServiceDefaultsItem = PolicyItem & z.output<typeof policyKinds.ServiceDefaults.spec>;
/** `GET /v1/service-exports` */
export type ServiceExportItem = PolicyItem & z.output<typeof policyKinds.ServiceExport.spec>;
/** `GET /v1/authentications` */
export type AuthenticationItem = PolicyItem & z.output<typeof policyKinds.Authentication.spec>;
/** `GET /v1/authorizations` */
export type AuthorizationItem = PolicyItem & z.output<typeof policyKinds.Authorization.spec>;

/** `GET /v1/graph` */
export type GraphAnswer = z.output<typeof graphSchema>;
export type GraphNode = z.output<typeof graphNodeSchema>;
export type GraphEdge = z.output<typeof graphEdgeSchema>;
/** `GET /v1/traffic` */
export type TrafficAnswer = z.output<typeof trafficSchema>;
export type TrafficItem = z.output<typeof trafficItemSchema>;

/** `GET /v1/events` */
export type EventItem = z.output<typeof eventItemSchema>;
/** `GET /v1/audit` */
export type AuditItem = z.output<typeof auditItemSchema>;

/** `POST /v1/tokens` */
export type CreatedToken = z.output<typeof createdTokenSchema>;
/** `POST /v1/federation/join` */
export type LeaveResult = z.output<typeof leaveResultSchema>;
export type JoinResult = z.output<typeof joinResultSchema>;

/** `GET` and `POST /v1/verify` */
export type Matrix = z.output<typeof matrixSchema>;
