/** Owns sending spans to a collector: OTLP over HTTP, by the OpenTelemetry SDK, which is loaded only for that. */
import type { Attributes, Context, SpanOptions } from '@opentelemetry/api';
import type { SpanRecord } from '../trace/span.ts';

export interface SpanExporterOptions {
  /** URL of the collector's trace intake, such as `http://collector:4318/v1/traces`. */
  readonly endpoint: string;
  /** Sent with every export, such as an API key. */
  readonly headers: Readonly<Record<string, string>>;
  /** What made the spans: `service.name` and the like. */
  readonly resource: Attributes;
  /** Most spans kept while the collector is slow; default 2048. More are dropped. */
  readonly maxQueued?: number;
  /** How long spans are gathered before they are sent, in milliseconds; default 1000. */
  readonly delayMs?: number;
}

export interface SpanExporter {
  export(spans: readonly SpanRecord[]): void;
  /** Sends what is waiting and ends. */
  close(): Promise<void>;
}

/** Rejects only when the SDK can't be loaded. A collector that can't be reached costs nothing but spans. */
export async function openSpanExporter(options: SpanExporterOptions): Promise<SpanExporter> {
  const [api, { NodeSDK }, { BatchSpanProcessor }, { OTLPTraceExporter }, resources] =
    await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/sdk-node'),
      import('@opentelemetry/sdk-trace'),
      import('@opentelemetry/exporter-trace-otlp-proto'),
      import('@opentelemetry/resources'),
    ]);
  const { endpoint, headers, resource, maxQueued = 2_048, delayMs = 1_000 } = options;
  const ids = new GivenIds();
  const sdk = new NodeSDK({
    resource: resources.resourceFromAttributes(resource),
    autoDetectResources: false,
    instrumentations: [],
    metricReaders: [],
    logRecordProcessors: [],
    textMapPropagator: null,
    idGenerator: ids,
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter({ url: endpoint, headers: { ...headers } }),
        maxQueueSize: maxQueued,
        scheduledDelayMillis: delayMs,
      }),
    ],
  });
  sdk.start();
  const tracer = api.trace.getTracer('isthmus');

  /** The sampling decision was made where the request came in; here everything is kept. */
  function parentOf({ traceId, parentId }: SpanRecord): Context {
    if (parentId === undefined) return api.ROOT_CONTEXT;
    const traceFlags = api.TraceFlags.SAMPLED;
    const parent = { traceId, spanId: parentId, traceFlags, isRemote: true };
    return api.trace.setSpanContext(api.ROOT_CONTEXT, parent);
  }

  function exportOne(record: SpanRecord): void {
    ids.next(record);
    const options: SpanOptions = {
      kind: record.kind === 'server' ? api.SpanKind.SERVER : api.SpanKind.CLIENT,
      attributes: record.attributes,
      startTime: record.startedAt,
    };
    const span = tracer.startSpan(record.name, options, parentOf(record));
    if (record.error !== undefined) {
      span.setStatus({ code: api.SpanStatusCode.ERROR, message: record.error });
    }
    span.end(record.endedAt);
  }

  return {
    export: (spans) => spans.forEach(exportOne),
    close: () => sdk.shutdown(),
  };
}

/** Gives out the identifiers that a span already has: they have travelled with its request. */
class GivenIds {
  #traceId = '';
  #spanId = '';

  next({ traceId, spanId }: SpanRecord): void {
    this.#traceId = traceId;
    this.#spanId = spanId;
  }

  generateTraceId(): string {
    return this.#traceId;
  }

  generateSpanId(): string {
    return this.#spanId;
  }
}
