/** Owns what App Mesh has, as `aws appmesh describe-*` prints it: virtual nodes become services, virtual services Routes for the host by which they are asked for. */
import { Drafts, labelOf } from '../drafts.ts';
import type { Field, Reasons } from '../field.ts';
import type { Conversion, Source } from '../source.ts';
import { type OrderedRule, routeReasons, ruleOf, rulesInOrder } from './route.ts';
import { convertVirtualNode, virtualNodeReasons } from './virtual-node.ts';

const reasons: Readonly<Record<string, Reasons>> = {
  virtualService: {},
  virtualRouter: {},
  route: routeReasons,
  virtualNode: virtualNodeReasons,
};

/** What is not converted, and what is there instead. */
const instead: Readonly<Record<string, string>> = {
  mesh: 'what may leave is said by Egress: without one, nothing',
  virtualGateway: 'listeners are keys of the configuration: ingress, with its certificates',
  gatewayRoute: 'write a Route with the hostnames, and ingress in parentRefs',
};

const kinds = [...Object.keys(reasons), ...Object.keys(instead)];

interface Resource {
  /** The resource itself, without what `describe` has around it. */
  readonly field: Field;
  readonly document: Field;
  readonly kind: string;
  readonly name: string;
}

export const appMesh: Source = {
  title: 'App Mesh',
  recognises: ({ value }) => kindOf(value as Record<string, unknown>) !== undefined,
  convert(documents, { namespace }): Conversion {
    const drafts = new Drafts();
    const all = documents.map(resourceOf);
    const each = (wanted: string, convert: (one: Resource) => void) => {
      for (const one of all) if (one.kind === wanted) convert(one);
    };
    const rules = new Map<string, OrderedRule[]>();
    each('route', ({ field }) => {
      const router = field.text('virtualRouterName') ?? '';
      const rule = ruleOf(field, namespace, drafts);
      if (rule) rules.set(router, [...(rules.get(router) ?? []), rule]);
    });
    const used = new Set<string>();
    each('virtualService', (one) => {
      const router = convertVirtualService(one, namespace, rules, drafts);
      if (router !== undefined) used.add(router);
    });
    each('virtualRouter', ({ field, name }) => {
      listenersOf(field);
      if (!used.has(name))
        field.leave('no virtualService here leads to it: give it in the same call');
    });
    each('route', ({ field }) => {
      const router = field.at('virtualRouterName')?.value;
      if (used.has(String(router))) return;
      field.leave('no virtualService here leads to its router: give it in the same call');
    });
    each('virtualNode', ({ field, name }) => convertVirtualNode(field, name, namespace, drafts));
    for (const { field, kind } of all) {
      if (Object.hasOwn(instead, kind)) {
        field.leave(`${kind} is not converted: ${instead[kind] ?? 'nothing here is like it'}`);
      }
    }
    const made = drafts.finished();
    for (const { document } of all) document.leaveRest();
    return { documents: made, told: all.flatMap(({ document }) => document.told) };
  },
};

/** Of what `describe` prints, the one key; of what `create` takes or lists have, the key that is its name. */
function kindOf(value: Record<string, unknown>): string | undefined {
  const around = kinds.find((kind) => isObject(value[kind]) && 'spec' in value[kind]);
  if (around !== undefined) return around;
  if (typeof value['meshName'] !== 'string' || !isObject(value['spec'])) return undefined;
  // A route has its router's name as well.
  return ['route', ...kinds].find((kind) => typeof value[`${kind}Name`] === 'string');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function resourceOf(given: Field): Resource {
  const kind = kindOf(given.value as Record<string, unknown>) ?? '';
  const document = given.withReasons(reasons[kind] ?? {});
  const field = document.at(kind) ?? document;
  for (const key of ['meshName', 'metadata', 'status', 'tags']) field.at(key)?.take();
  return { field, document, kind, name: field.text(`${kind}Name`) ?? 'unnamed' };
}

/** A Route, whose router's name is what it answers. */
function convertVirtualService(
  { field, name }: Resource,
  namespace: string,
  rules: ReadonlyMap<string, readonly OrderedRule[]>,
  drafts: Drafts,
): string | undefined {
  const provider = field.down('spec', 'provider');
  const node = provider?.at('virtualNode')?.text('virtualNodeName');
  const router = provider?.at('virtualRouter')?.text('virtualRouterName');
  const written =
    node === undefined
      ? rulesInOrder(rules.get(router ?? '') ?? [])
      : [{ backendRefs: [{ name: labelOf(node) }] }];
  if (written.length === 0) {
    field.leave(
      router === undefined
        ? 'it has no provider, and nobody answers it'
        : `no route here is of its router ${router}: give them in the same call`,
    );
    return router;
  }
  const spec = {
    // Who asks for it today, asks by this host.
    hostnames: [name],
    parentRefs: [{ kind: 'Gateway', name: 'outbound' }],
    rules: written,
  };
  drafts.add({ kind: 'Route', namespace, name: labelOf(name), spec, from: field });
  return router;
}

function listenersOf(router: Field): void {
  for (const listener of router.at('spec')?.list('listeners') ?? []) {
    const mapping = listener.at('portMapping');
    mapping?.text('protocol');
    if (mapping?.number('port') === undefined) continue;
    mapping.differs(
      'clients ask the outbound listener of their gateway, whatever the port of the host',
    );
  }
}
