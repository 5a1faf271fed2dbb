/** Owns sending spans to a collector: OTLP over HTTP, by the OpenTelemetry SDK, which is loaded only for that. */
import type { Attributes, HrTime } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { SpanRecord } from '../../data/observe/span.ts';

interface SpanExporterOptions {
  /** URL of the collector's trace intake, such as `http://collector:4318/v1/traces`. */
  readonly endpoint: string;
  /** Sent with every export, such as an API key. */
  readonly headers: Readonly<Record<string, string>>;
  /** The maker of the spans: `service.name` and the like. */
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
  const { resourceFromAttributes } = resources;
  const of = resourceFromAttributes(resource);
  const processor = new BatchSpanProcessor({
    exporter: new OTLPTraceExporter({ url: endpoint, headers: { ...headers } }),
    maxQueueSize: maxQueued,
    scheduledDelayMillis: delayMs,
  });
  const sdk = new NodeSDK({
    resource: of,
    autoDetectResources: false,
    instrumentations: [],
    metricReaders: [],
    logRecordProcessors: [],
    textMapPropagator: null,
    spanProcessors: [processor],
  });
  sdk.start();

  /**
   * Spans come here when they are over, so none is made by a tracer and ended again: that would cost more than all
   * else of it. The sampling decision was made where the request came in; here everything is kept.
   */
  function readable(record: SpanRecord): ReadableSpan {
    const { traceId, spanId, parentId, startedAt, endedAt, error } = record;
    const traceFlags = api.TraceFlags.SAMPLED;
    const context = { traceId, spanId, traceFlags };
    return {
      name: record.name,
      kind: record.kind === 'server' ? api.SpanKind.SERVER : api.SpanKind.CLIENT,
      spanContext: () => context,
      ...(parentId !== undefined && {
        parentSpanContext: { traceId, spanId: parentId, traceFlags, isRemote: true },
      }),
      startTime: hrTime(startedAt),
      endTime: hrTime(endedAt),
      duration: hrTime(endedAt - startedAt),
      status:
        error === undefined
          ? { code: api.SpanStatusCode.UNSET }
          : { code: api.SpanStatusCode.ERROR, message: error },
      attributes: record.attributes,
      links: [],
      events: [],
      ended: true,
      resource: of,
      instrumentationScope: { name: 'isthmus' },
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    };
  }

  return {
    export(spans) {
      for (const span of spans) processor.onEnd(readable(span));
    },
    close: () => sdk.shutdown(),
  };
}

/** Milliseconds as seconds and nanoseconds. */
function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
}
