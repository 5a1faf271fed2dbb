/** Owns the operations on changing the root of this cluster, on trying who verifies whom, and on who is trusted no more. */
import { z } from 'zod';
import { otherRoot } from '../../../../certs/authority-state.ts';
import { fingerprintOf } from '../../../../certs/x509.ts';
import type { Clock } from '../../../../core/clock.ts';
import type { ClusterName } from '../../../../core/names.ts';
import { clusterNameSchema } from '../../../../registry/model.ts';
import type { GatewayConfig } from '../../config/config.ts';
import type { ForeignBundles } from '../../foreign/foreign-bundles.ts';
import type { Identity } from '../../membership/identity.ts';
import type { OtherGateways } from '../../others/other-gateways.ts';
import { laggards, nameOf, revocations } from '../../trust/acknowledgements.ts';
import type { RootRotation } from '../../trust/root-rotation.ts';
import type { BelievingParts } from '../../trust/standings.ts';
import type { Workers } from '../../workers/workers.ts';
import type { RotationItem } from '../answers.ts';
import { listing } from '../list.ts';
import { type Operation, operation } from '../operation.ts';
import {
  foreignTrustSchema,
  operatorBodySchema,
  operatorSchema,
  restingSchema,
  retirementBodySchema,
  retirementSchema,
  revocationSchema,
  rotationBodySchema,
  rotationSchema,
  verificationSchema,
} from '../schema/trust.ts';
import { foreignTrustItem } from '../view/foreign-trust.ts';
import { certifyOperator } from '../view/operator-certificate.ts';
import { verification } from '../view/verification.ts';

const tag = 'Federation';

export interface TrustParts extends BelievingParts {
  readonly config: Pick<GatewayConfig, 'cluster' | 'federation' | 'gateway' | 'network' | 'region'>;
  readonly identity: Identity;
  readonly workers: Pick<Workers, 'links' | 'resting'>;
  readonly rootRotation: RootRotation;
  readonly foreignBundles: Pick<ForeignBundles, 'standings'>;
  readonly others: Pick<OtherGateways, 'ask' | 'list'>;
}

export function trustOperations(gateway: TrustParts, clock: Clock): Operation[] {
  const { rootRotation } = gateway;
  const { authority } = gateway.identity;
  const other = (): string | undefined => {
    const root = otherRoot(authority.state)?.root;
    return root && fingerprintOf(root.raw);
  };
  return [
    listing({
      path: '/v1/trust/foreign',
      id: 'listForeignTrust',
      tag,
      summary: 'How the bundles of trust domains outside of the federation stand at this gateway',
      role: 'viewer',
      item: foreignTrustSchema,
      key: ({ trustDomain }) => trustDomain,
      items: () => gateway.foreignBundles.standings.map(foreignTrustItem),
    }),
    operation({
      method: 'GET',
      path: '/v1/trust/connections',
      id: 'getTrustConnections',
      tag,
      summary: "Which roots this gateway's connections to and from other gateways rest on",
      role: 'viewer',
      answer: restingSchema,
      async handle() {
        const { cluster, gateway: id } = gateway.config;
        const resting = await gateway.workers.resting();
        const connections = Array.from(resting, ([root, count]) => ({ root, count }));
        return { gateway: `${cluster}/${id}`, connections };
      },
    }),
    operation({
      method: 'GET',
      path: '/v1/trust/verification',
      id: 'verifyTrust',
      tag,
      summary: 'Whether this cluster and the others verify each other: by handshakes, made now',
      role: 'viewer',
      query: z.strictObject({
        scope: z
          .enum(['all', 'own'])
          .default('all')
          .describe(
            '`own`: only handshakes that this gateway makes; `all`: also of the others with this cluster',
          ),
      }),
      answer: verificationSchema,
      handle: ({ query: { scope } }) => verification(gateway, scope, clock),
    }),
    operation({
      method: 'GET',
      path: '/v1/trust/revocations/{cluster}',
      id: 'getRevocation',
      tag,
      summary: 'Which gateways trust a cluster no more, since it was made to leave',
      role: 'viewer',
      params: z.strictObject({ cluster: clusterNameSchema }),
      answer: revocationSchema,
      handle({ params: { cluster } }) {
        const { snapshot, workers } = gateway;
        const isReached = (other: ClusterName) => workers.links.state(other).state !== 'down';
        return { cluster, gateways: revocations(snapshot, { of: cluster, isReached }) };
      },
    }),
    operation({
      method: 'GET',
      path: '/v1/trust/rotation',
      id: 'getRotation',
      tag,
      summary: "How far the change of this cluster's root is, and who is waited for",
      role: 'viewer',
      answer: rotationSchema,
      handle: () => rotationItem(gateway),
    }),
    operation({
      method: 'POST',
      path: '/v1/trust/rotation',
      id: 'rotateRoot',
      tag,
      summary: 'Makes the next root of this cluster, which signs as soon as all believe it',
      role: 'admin',
      body: rotationBodySchema,
      answer: rotationSchema,
      object: ({ body: { force } }, made) =>
        `root ${made?.other ?? made?.signing ?? ''}${force ? ', forced' : ''}`,
      state: () => rotationItem(gateway),
      async handle({ body: { force } }) {
        await rootRotation.rotate(force);
        return rotationItem(gateway);
      },
    }),
    operation({
      method: 'POST',
      path: '/v1/trust/operators',
      id: 'certifyOperator',
      tag,
      summary:
        'Makes a certificate by which a person is known to the admin API: for a key that stays with that person',
      role: 'admin',
      body: operatorBodySchema,
      answer: operatorSchema,
      status: 201,
      object: ({ body: { name } }) => `operator ${name}`,
      handle: ({ body }) => certifyOperator(authority, body),
    }),
    operation({
      method: 'POST',
      path: '/v1/trust/retirement',
      id: 'retireRoot',
      tag,
      summary: "Takes a root out of this cluster's bundle, once nothing rests on it",
      role: 'admin',
      body: retirementBodySchema,
      answer: retirementSchema,
      object: ({ body: { root, force, dryRun } }) =>
        `root ${root ?? 'that signs no more'}${force ? ', forced' : ''}${dryRun ? ', dry run' : ''}`,
      state: () => rotationItem(gateway),
      async handle({ body: { dryRun, ...asked } }) {
        const root = other();
        const named = root === undefined ? {} : { root };
        if (dryRun) {
          const reasons = await rootRotation.reasonsToKeep();
          return { ...named, retired: false, reasons };
        }
        await rootRotation.retire(asked);
        return { ...named, retired: true, reasons: [] };
      },
    }),
  ];

  function rotationItem({ rootRotation: { acknowledgements, problem } }: TrustParts): RotationItem {
    const { state } = authority;
    const root = other();
    return {
      phase: state.kind,
      sequence: state.sequence,
      signing: authority.keyId,
      ...(root !== undefined && { other: root }),
      ...('since' in state && { since: state.since }),
      laggards: laggards(acknowledgements).map(nameOf),
      ...(problem && { problem: problem.message }),
    };
  }
}
