/** Owns a worker thread: starts its data side, and obeys the control side. */
import { flushCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../../core/clock.ts';
import { asIsthmusError } from '../../../core/errors.ts';
import { createLog } from '../../../core/log.ts';
import { BreakerTable } from '../balance/breaker-table.ts';
import { Ledger } from '../observe/ledger.ts';
import { ObservedBatch } from '../observe/observed.ts';
import { Recorder } from '../observe/record.ts';
import { SampledRequests } from '../observe/sampling/sampled-requests.ts';
import { BucketTable } from '../request/rate-limit/bucket-table.ts';
import { DataSide } from './data-side.ts';
import { Gauges, gaugeCount } from './gauges.ts';
import { observerOf } from './observer.ts';
import type {
  FromWorker,
  Request,
  RequestKind,
  Results,
  ToWorker,
  WorkerStart,
} from './protocol.ts';
import { warmUp } from './warm-up.ts';

const port = parentPort;
if (port === null) throw new Error('this is a worker thread, started by thread.ts');

const post = (message: FromWorker): void => port.postMessage(message);
const { worker, logLevel, identity, credentials, breakers, buckets } = workerData as WorkerStart;
const node = `${worker.cluster}/${worker.gatewayId}`;
const log = createLog({
  level: logLevel,
  fields: { node, worker: String(worker.index) },
});

const ledger = new Ledger((slab, values) => post({ kind: 'slab', slab, values }));
const gaugeSlots = ledger.take(gaugeCount);
post({ kind: 'gauges', slab: gaugeSlots.slab, at: gaugeSlots.at });
const recorder = new Recorder(
  ledger,
  (labels, { slab, at, size }) => post({ kind: 'series', labels, slab, at, size }),
  gaugeSlots,
);
const observed = new ObservedBatch(systemClock, (told) =>
  post({ kind: 'observed', observed: told }),
);
const perMinute = worker.sampledPerMinute;
const sampled =
  perMinute === 0
    ? undefined
    : new SampledRequests({ perMinute, clock: systemClock, random: Math.random });
const dataSide = new DataSide({
  worker,
  identity,
  credentials,
  recorder,
  breakers: new BreakerTable(breakers, worker.index),
  observer: observerOf(worker, observed, sampled),
  gauges: new Gauges(gaugeSlots),
  buckets: new BucketTable(buckets),
  clock: systemClock,
  random: Math.random,
  log,
  onLink: (cluster, status) => post({ kind: 'link', cluster, status }),
  onAlive: (cluster) => post({ kind: 'alive', cluster }),
  onUsed: (service) => post({ kind: 'used', service }),
  onEjected: (service, id) => post({ kind: 'ejected', service, id }),
});

/** Resolves once the worker is warm: then it takes requests. */
const warm = warmUp({ worker, identity, clock: systemClock, log });

async function answer(request: Request): Promise<Results[RequestKind]> {
  switch (request.kind) {
    case 'listen':
      await warm;
      return dataSide.listen(request.at);
    case 'prepare':
      return dataSide.prepare(request);
    case 'commit':
      dataSide.commit(request);
      return undefined;
    case 'discard':
      await dataSide.discard();
      return undefined;
    case 'settle':
      await dataSide.settle(request.limitMs);
      return undefined;
    case 'balancer':
      return dataSide.balancer(request.target);
    case 'balancers':
      return dataSide.balancers();
    case 'links':
      return dataSide.links(request.cluster);
    case 'sampled':
      return sampled?.list() ?? [];
    case 'resting':
      return dataSide.resting();
    case 'stop':
      dataSide.stop();
      return undefined;
    case 'drain':
      await dataSide.drain(request.limitMs, request.graceMs);
      observed.flush();
      return undefined;
    case 'close':
      await dataSide.close();
      observed.flush();
      return undefined;
  }
}

// Before there are requests to wait for it; it costs nothing once everything is kept.
flushCompileCache();
port.on('message', (message: ToWorker) => {
  if (message.kind === 'update') {
    dataSide.update(message.update);
    return;
  }
  const { id, request } = message;
  answer(request).then(
    (result) => post({ kind: 'done', id, result }),
    (thrown: unknown) => {
      const { code, message: what, where, fix } = asIsthmusError(thrown);
      post({ kind: 'failed', id, code, what, where, fix });
    },
  );
});
