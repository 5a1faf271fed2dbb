/** Owns what policies texts say: each document recognised, checked and, where it is of another system, translated; or all that is wrong. */
import { z } from 'zod';
import { IsthmusError } from '../core/errors.ts';
import { closest } from '../core/suggest.ts';
import { type Placed, readDocuments } from '../core/yaml-documents.ts';
import { labelSchema } from '../registry/model.ts';
import { defaultNamespace, documentSchema, documentVersion } from './documents.ts';
import { singularOf } from './kind-names.ts';
import type { PolicyKind } from './kinds.ts';
import type { Manifest } from './manifests.ts';
import type { PolicyScope } from './record.ts';

/** A text, and the place that faults in it name: the file as it was given, or `stdin`. */
interface Written {
  readonly text: string;
  readonly name: string;
}

/** A policy by its name. */
export interface PolicyName {
  /** Whose gateways go by it; default `cluster`. */
  readonly scope?: PolicyScope | undefined;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** A policy as a document says it. */
export interface PolicyDocument extends PolicyName {
  /** As it is written: nothing filled in. */
  readonly spec: Readonly<Record<string, unknown>>;
  /** `file:line:column` of the document, or of a field of its spec. */
  place(field?: readonly string[]): string;
  /** Fields that do nothing here, of a document of another system: each at its place, and why. */
  readonly unhonoured: readonly string[];
}

interface Found {
  readonly documents: readonly PolicyDocument[];
  /** Everything that is wrong, in the order in which it stands there. */
  readonly faults: readonly IsthmusError[];
}

type Kinds = Readonly<Record<string, PolicyKind>>;
type One = { readonly document: PolicyDocument } | { readonly faults: readonly IsthmusError[] };

/** `namespace` is that of documents that name none. */
export function documentsIn(
  texts: readonly Written[],
  kinds: Kinds,
  namespace: string = defaultNamespace,
): Found {
  const documents = new Map<string, PolicyDocument>();
  const faults: IsthmusError[] = [];
  for (const { text, name } of texts) {
    const read = readDocuments(text, name);
    faults.push(...read.faults);
    for (const placed of read.documents.flatMap(itemsOf)) {
      const one = oneOf(placed, kinds, namespace);
      if ('faults' in one) {
        faults.push(...one.faults);
        continue;
      }
      const { document } = one;
      const before = documents.get(textOf(document));
      if (before === undefined) documents.set(textOf(document), document);
      else faults.push(twice(document, before));
    }
  }
  return { documents: [...documents.values()], faults };
}

/** `traffic-policy shop/orders`, or `traffic-policy shop/orders of the federation` */
export function textOf({ scope, kind, namespace, name }: PolicyName): string {
  const whose = scope === 'federation' ? ' of the federation' : '';
  return `${singularOf(kind)} ${namespace}/${name}${whose}`;
}

function twice(document: PolicyDocument, before: PolicyDocument): IsthmusError {
  return new IsthmusError('CONFIG_INVALID', {
    what: `${textOf(document)} stands in ${before.place()} already`,
    where: document.place(),
    fix: 'Say it once, or give one of them another name.',
  });
}

/** The documents of a List, as one file of JSON may have several; else the document itself. */
function itemsOf(placed: Placed): Placed[] {
  const { kind, items } = (placed.value ?? {}) as { kind?: unknown; items?: unknown };
  if (kind !== 'List' || !Array.isArray(items)) return [placed];
  return items.map((_, i) => placed.within(['items', String(i)]));
}

const headSchema = z.looseObject({ apiVersion: z.string(), kind: z.string() });

function oneOf(placed: Placed, kinds: Kinds, namespace: string): One {
  const head = placed.check(headSchema);
  if (!head.ok) return head;
  const { apiVersion, kind } = head.value;
  if (apiVersion !== documentVersion)
    return foreign(placed, { apiVersion, kind }, kinds, namespace);
  const declared = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  if (declared === undefined) return unknownKind(placed, kind, Object.keys(kinds));
  const checked = placed.check(documentSchema(kind, declared));
  if (!checked.ok) return checked;
  const { metadata } = checked.value;
  const { spec } = placed.value as { readonly spec: PolicyDocument['spec'] };
  return {
    document: {
      ...{ kind, spec, unhonoured: [], name: metadata.name, scope: metadata.scope },
      namespace: metadata.namespace ?? namespace,
      place: (field) => placed.place(field && ['spec', ...field]),
    },
  };
}

/** Another system's metadata says more than a name; none of it concerns traffic. */
const foreignMetadataSchema = z.looseObject({
  name: labelSchema,
  namespace: labelSchema.optional(),
});

interface Head {
  readonly apiVersion: string;
  readonly kind: string;
}

function foreign(placed: Placed, head: Head, kinds: Kinds, namespace: string): One {
  const manifests = Object.entries(kinds).flatMap(([kind, { manifests = [] }]) =>
    manifests.map((manifest) => ({ kind, manifest })),
  );
  const ofVersion = manifests.filter(({ manifest }) => manifest.apiVersion === head.apiVersion);
  if (ofVersion.length === 0) {
    return unknownVersion(
      placed,
      head,
      manifests.map(({ manifest }) => manifest.apiVersion),
    );
  }
  const found = ofVersion.find(({ manifest }) => manifest.kind === head.kind);
  if (found === undefined) {
    return unknownKind(
      placed,
      head.kind,
      ofVersion.map(({ manifest }) => manifest.kind),
    );
  }
  return translated(placed, found.kind, found.manifest, kinds, namespace);
}

function translated(
  placed: Placed,
  kind: string,
  manifest: Manifest,
  kinds: Kinds,
  given: string,
): One {
  const schema = z.looseObject({ metadata: foreignMetadataSchema, spec: manifest.spec });
  const checked = placed.check(schema);
  if (!checked.ok) return checked;
  const { name, namespace = given } = checked.value.metadata;
  const { spec, unhonoured } = manifest.translate({ namespace, name, spec: checked.value.spec });
  const result = kinds[kind]?.spec.safeParse(spec);
  const wrong = result?.error?.issues.map(({ path, message }) => {
    const what = `${manifest.kind} ${namespace}/${name} can't be had as it is: as ${kind}, ${path.join('.')}: ${message}`;
    return new IsthmusError('CONFIG_INVALID', { what, where: placed.place(['spec']) });
  });
  if (wrong) return { faults: wrong };
  return {
    document: {
      ...{ kind, namespace, name, spec },
      // Its fields are not those of the file.
      place: (field) => placed.place(field && ['spec']),
      unhonoured: unhonoured.map(
        ({ path, why }) => `${placed.place(path)}: ${path.join('.')} is not honoured: ${why}`,
      ),
    },
  };
}

function unknownKind(placed: Placed, kind: string, known: readonly string[]): One {
  const near = closest(kind, known);
  const fix = `${near === undefined ? '' : `Did you mean ${near}? `}Use one of ${known.join(', ')}.`;
  const what = `There is no kind ${JSON.stringify(kind)} of document`;
  return {
    faults: [new IsthmusError('CONFIG_INVALID', { what, where: placed.place(['kind']), fix })],
  };
}

function unknownVersion(placed: Placed, { apiVersion }: Head, others: readonly string[]): One {
  const known = [documentVersion, ...new Set(others)];
  const near = closest(apiVersion, known);
  const fix = `${near === undefined ? '' : `Did you mean ${near}? `}Use ${known.join(' or ')}.`;
  const what = `There is no apiVersion ${JSON.stringify(apiVersion)} of a document`;
  const where = placed.place(['apiVersion']);
  return { faults: [new IsthmusError('CONFIG_INVALID', { what, where, fix })] };
}
