/** Owns facts of services as bytes: written once, read by every worker where they lie, and only when they are asked for. */
import type { ServiceName } from '../../../core/names.ts';
import type { EndpointFacts, ExportFacts } from '../balance/view.ts';
import type { ServiceFacts } from './facts.ts';

/**
 * A batch of services. The bytes are shared memory, so a sheet costs a worker its list of names; a gateway that
 * knows 30,000 services holds their records once, however many workers it has.
 */
export interface ServiceSheet {
  readonly services: readonly ServiceName[];
  /** Where each service's text ends. A text of no length says that the service is gone. */
  readonly ends: Uint32Array;
  readonly bytes: Uint8Array<SharedArrayBuffer>;
}

/** The facts as they are in the text. */
interface Written {
  readonly endpoints: readonly EndpointFacts[];
  readonly exports: readonly ExportFacts[];
}

/** A sheet's memory stays until the last of its services has changed, so none is large. */
const servicesPerSheet = 512;

/** Undefined facts say that a service is gone. */
export function writeSheets(
  services: Iterable<readonly [ServiceName, ServiceFacts | undefined]>,
): ServiceSheet[] {
  const sheets: ServiceSheet[] = [];
  let batch: (readonly [ServiceName, ServiceFacts | undefined])[] = [];
  for (const entry of services) {
    batch.push(entry);
    if (batch.length < servicesPerSheet) continue;
    sheets.push(writeSheet(batch));
    batch = [];
  }
  if (batch.length > 0) sheets.push(writeSheet(batch));
  return sheets;
}

function writeSheet(
  batch: readonly (readonly [ServiceName, ServiceFacts | undefined])[],
): ServiceSheet {
  const texts = batch.map(([, facts]) => (facts === undefined ? '' : textOf(facts)));
  const ends = new Uint32Array(texts.length);
  let end = 0;
  for (const [i, text] of texts.entries()) {
    end += Buffer.byteLength(text);
    ends[i] = end;
  }
  const bytes = Buffer.from(new SharedArrayBuffer(end));
  bytes.write(texts.join(''));
  return { services: batch.map(([service]) => service), ends, bytes: new Uint8Array(bytes.buffer) };
}

function textOf({ endpoints, exports }: ServiceFacts): string {
  const written: Written = { endpoints, exports: [...exports.values()] };
  return JSON.stringify(written);
}

/** Facts that lie in a sheet. */
export class SheetEntry {
  readonly #bytes: Uint8Array<SharedArrayBuffer>;
  readonly #start: number;
  readonly #end: number;

  constructor(bytes: Uint8Array<SharedArrayBuffer>, start: number, end: number) {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
  }

  read(): ServiceFacts {
    const { buffer, byteOffset } = this.#bytes;
    const text = Buffer.from(buffer, byteOffset + this.#start, this.#end - this.#start);
    const { endpoints, exports } = JSON.parse(text.toString()) as Written;
    return { endpoints, exports: new Map(exports.map((summary) => [summary.cluster, summary])) };
  }
}

/** The services of a sheet; undefined for one that is gone. */
export function* entriesOf({
  services,
  ends,
  bytes,
}: ServiceSheet): IterableIterator<[ServiceName, SheetEntry | undefined]> {
  let start = 0;
  for (const [i, service] of services.entries()) {
    const end = ends[i] ?? start;
    yield [service, end === start ? undefined : new SheetEntry(bytes, start, end)];
    start = end;
  }
}
