/** Owns a collector for tests: takes OTLP over HTTP and reads the spans that come. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import protobuf from 'protobufjs';

/** One span, as the wire has it, with the attributes of what sent it. */
export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string;
  readonly name: string;
  /** 2 = server, 3 = client. */
  readonly kind: number;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly resource: Readonly<Record<string, unknown>>;
  /** 2 = error. */
  readonly status: number;
  readonly error: string;
}

interface Collector {
  /** For `tracing.endpoint`. */
  readonly endpoint: string;
  readonly spans: readonly CollectedSpan[];
  /** Fields of the last export. */
  readonly headers: Readonly<Record<string, unknown>>;
  close(): Promise<void>;
}

interface KeyValue {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface WireSpan {
  readonly traceId: Buffer;
  readonly spanId: Buffer;
  readonly parentSpanId: Buffer;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly KeyValue[];
  readonly status?: { readonly code: number; readonly message: string };
}

interface WireExport {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: readonly KeyValue[] };
    readonly scopeSpans?: readonly { readonly spans?: readonly WireSpan[] }[];
  }[];
}

export async function startCollector(): Promise<Collector> {
  const root = await protobuf.load(new URL('otlp.proto', import.meta.url).pathname);
  const type = root.lookupType('otlp.ExportTraceServiceRequest');
  const spans: CollectedSpan[] = [];
  let headers: Collector['headers'] = {};
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    headers = request.headers;
    const message = type.toObject(type.decode(body), {
      bytes: Buffer,
      longs: String,
      defaults: false,
    });
    spans.push(...spansOf(message as WireExport));
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}/v1/traces`,
    spans,
    get headers() {
      return headers;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function spansOf({ resourceSpans = [] }: WireExport): CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans = [] }) => {
    const from = attributesOf(resource?.attributes);
    return scopeSpans.flatMap(({ spans = [] }) => spans.map((span) => collected(span, from)));
  });
}

function collected(span: WireSpan, resource: CollectedSpan['resource']): CollectedSpan {
  return {
    traceId: hex(span.traceId),
    spanId: hex(span.spanId),
    parentId: hex(span.parentSpanId),
    name: span.name,
    kind: span.kind,
    startedAt: Number(span.startTimeUnixNano) / 1e6,
    endedAt: Number(span.endTimeUnixNano) / 1e6,
    attributes: attributesOf(span.attributes),
    resource,
    status: span.status?.code ?? 0,
    error: span.status?.message ?? '',
  };
}

function attributesOf(list: readonly KeyValue[] = []): Record<string, unknown> {
  return Object.fromEntries(
    list.map(({ key, value }) => {
      const [only] = Object.entries(value);
      const [kind, said] = only ?? [];
      return [key, kind === 'intValue' ? Number(said) : said];
    }),
  );
}

function hex(bytes: Buffer | undefined): string {
  return Buffer.from(bytes ?? []).toString('hex');
}
