/** Owns what rules of Routes have go wrong on purpose: requests that are held, and that are answered in the place of the service. */
import type { Random } from '../../../core/clock.ts';
import { Timed, type TimingWheel } from '../../../core/timing-wheel.ts';
import type { RouteFault } from '../../../policy/route/rule.ts';
import type { Exchange } from '../message/exchange.ts';
import { grpcStatusOfHttp } from '../message/grpc-status.ts';
import { isGrpc } from '../message/grpc-type.ts';
import type { Recorder } from '../observe/record.ts';
import { headerFits } from './route/match.ts';
import { OwnAnswer, type Step } from './step.ts';

interface FaultGround {
  readonly wheel: Pick<TimingWheel, 'now' | 'set'>;
  readonly random: Random;
  readonly recorder: Pick<Recorder, 'decided'>;
}

export function fault(ground: FaultGround): Step {
  const { random, recorder, wheel } = ground;
  return {
    slot: 'fault',
    take(exchange) {
      const rule = exchange.passage?.fit?.rule;
      if (rule?.fault === undefined) return undefined;
      const { delay, abort } = rule.fault;
      const abortion =
        abort && befalls(abort, exchange, random) ? aborted(exchange, abort) : undefined;
      if (delay && befalls(delay, exchange, random)) {
        recorder.decided(rule.policy, 'delayed');
        if (abortion !== undefined) recorder.decided(rule.policy, 'aborted');
        return new Promise((resolve) =>
          wheel.set(new Delay(() => resolve(abortion)), wheel.now + delay.ms),
        );
      }
      if (abortion !== undefined) recorder.decided(rule.policy, 'aborted');
      return abortion;
    },
  };
}

/** A request that waits for its time to go on. */
class Delay extends Timed {
  readonly #goOn: () => void;

  constructor(goOn: () => void) {
    super();
    this.#goOn = goOn;
  }

  override onDue(): void {
    this.#goOn();
  }
}

type Befalling = NonNullable<RouteFault['delay'] | RouteFault['abort']>;

function befalls({ share, header }: Befalling, { head }: Exchange, random: Random): boolean {
  if (header !== undefined && !headerFits(header)(head)) return false;
  return share >= 1 || random() < share;
}

function aborted(
  { head }: Exchange,
  { httpStatus, grpcStatus }: NonNullable<RouteFault['abort']>,
): OwnAnswer | undefined {
  if (isGrpc(head.fields)) {
    const status = grpcStatus ?? grpcStatusOfHttp(httpStatus ?? 500);
    const fields = ['content-type', 'application/grpc', 'grpc-status', String(status)];
    return new OwnAnswer(200, [...fields, 'grpc-message', 'fault made on purpose']);
  }
  // A gRPC status alone is for calls of gRPC alone.
  if (httpStatus === undefined) return undefined;
  return new OwnAnswer(
    httpStatus,
    ['content-type', 'text/plain'],
    Buffer.from('fault made on purpose\n'),
  );
}
