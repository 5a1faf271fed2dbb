/** Owns converting texts: whose documents they are, what becomes of them, and what is told. */
import { IsthmusError } from '../../core/errors.ts';
import { type Placed, readDocuments } from '../../core/yaml-documents.ts';
import type { Written } from '../written.ts';
import { appMesh } from './app-mesh/app-mesh.ts';
import { consul } from './consul/consul.ts';
import { Field, type Told } from './field.ts';
import { istio } from './istio/istio.ts';
import type { Asked, Conversion, Source } from './source.ts';

const sources = { istio, consul, 'app-mesh': appMesh } as const satisfies Record<string, Source>;

export type SourceName = keyof typeof sources;
export const sourceNames = Object.keys(sources) as SourceName[];

interface Result extends Conversion {
  /** Texts that can't be read. */
  readonly faults: readonly IsthmusError[];
}

/** Pure. Of documents that are none of these systems, or not of the one that is asked for, it is told. */
export function convertTexts(
  texts: readonly Written[],
  asked: Asked & { readonly from?: SourceName | undefined },
): Result {
  const faults: IsthmusError[] = [];
  const told: Told[] = [];
  const found = new Map<Source, Field[]>();
  for (const { text, name } of texts) {
    if (isHcl(text)) {
      faults.push(hclAt(name));
      continue;
    }
    const read = readDocuments(text, name);
    faults.push(...read.faults);
    for (const placed of read.documents.flatMap(itemsOf)) {
      const source = sourceOf(placed, asked.from);
      if (typeof source === 'string') {
        const where = placed.place();
        told.push({ as: 'left-out', where, path: [], why: source });
      } else {
        const document = Field.document(placed, {}, source.spelling);
        found.set(source, [...(found.get(source) ?? []), document]);
      }
    }
  }
  const done = [...found].map(([source, documents]) => source.convert(documents, asked));
  return {
    documents: done.flatMap(({ documents }) => documents),
    told: [...told, ...done.flatMap((one) => one.told)],
    faults,
  };
}

/** An entry of Consul's configuration begins by saying what it is. */
function isHcl(text: string): boolean {
  return /^\s*kind\s*=\s*"/im.test(text);
}

function hclAt(where: string): IsthmusError {
  return new IsthmusError('CONFIG_SYNTAX', {
    what: 'It is HCL, and entries are read as JSON or YAML',
    where,
    fix: 'Print each as JSON: `consul config read -kind KIND -name NAME`.',
  });
}

/** Whose it is, or why it is nobody's. */
function sourceOf(placed: Placed, from: SourceName | undefined): Source | string {
  const asked: readonly Source[] = from === undefined ? Object.values(sources) : [sources[from]];
  const isObject = typeof placed.value === 'object' && placed.value !== null;
  const source = isObject ? asked.find((one) => one.recognises(placed)) : undefined;
  if (source) return source;
  const { apiVersion, kind } = (placed.value ?? {}) as Record<string, unknown>;
  const what = typeof kind === 'string' ? `${String(apiVersion ?? '')} ${kind}`.trim() : 'it';
  if (/^(isthmus|gateway\.networking\.k8s\.io)\//.test(String(apiVersion))) {
    return `${what} needs no conversion: \`isthmus apply\` takes it`;
  }
  return `${what} is no document of ${asked.map(({ title }) => title).join(', ')}`;
}

/** The documents of a List or an array, as one file of JSON may have several; else the document itself. */
function itemsOf(placed: Placed): Placed[] {
  const { value } = placed;
  if (Array.isArray(value)) return value.map((_, i) => placed.within([String(i)]));
  const { kind, items } = (value ?? {}) as { kind?: unknown; items?: unknown };
  if (typeof kind !== 'string' || !/List$/.test(kind) || !Array.isArray(items)) return [placed];
  return items.map((_, i) => placed.within(['items', String(i)]));
}
