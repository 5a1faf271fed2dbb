/** Owns what the tries of one request send: the request, its body as far as it has come, and what is left of its time. */
import type { Target } from '../../balance/types.ts';
import type { Exchange } from '../../message/exchange.ts';
import type { OutgoingRequest } from '../../message/message.ts';
import type { Trail } from '../../observe/trail.ts';
import { Picks } from '../pick.ts';
import type { Route } from '../route/route-table.ts';
import type { Deadline } from './deadline.ts';
import type { ForwardingGround } from './ground.ts';
import { RequestBody } from './request-body.ts';
import { RequestFields } from './request-fields.ts';
import { outgoingRequest, send } from './send.ts';
import type { TimeLimits } from './time-limits.ts';
import { type Tried, Try } from './try.ts';

export class Sendings extends Picks {
  /** The body as far as it has come; absent where there is none. A tunnel's octets are not kept. */
  readonly body: RequestBody | undefined;
  /** Whether it is a call of gRPC. */
  isGrpc = false;
  /** Undefined where the client says nothing of how long it waits. */
  deadline: Deadline | undefined = undefined;
  protected readonly ground: ForwardingGround;
  /** Present where the request is observed. */
  readonly #trail: Trail | undefined;
  /** The request as it is sent; once its body was asked for, it does not expect that any more. */
  #request: OutgoingRequest;

  constructor(
    route: Route,
    exchange: Exchange,
    ground: ForwardingGround,
    limits: TimeLimits,
    trail: Trail | undefined,
  ) {
    super(route, exchange);
    const { head } = exchange;
    const { bodyLength, tunnel } = head;
    const { says, ids, observer } = ground;
    const fields = new RequestFields(exchange, route, says, ids, trail, observer);
    const expectsContinue = head.expectsContinue && route.policy.timeouts.continueMs > 0;
    const hasBody = bodyLength !== 'none' && bodyLength !== 0 && tunnel === undefined;
    this.body = hasBody ? new RequestBody(ground.limits, limits, bodyLength) : undefined;
    this.#request = outgoingRequest(exchange, fields, expectsContinue);
    this.ground = ground;
    this.#trail = trail;
  }

  /** Whether another try could still send the whole request. */
  get replayable(): boolean {
    return this.body?.replayable ?? true;
  }

  /** Whoever is asked has to ask for the body. */
  get expectsContinue(): boolean {
    return this.#request.expectsContinue;
  }

  /** Whether nobody waits for another try. */
  protected get isLate(): boolean {
    return this.deadline !== undefined && this.deadline.endsAt <= this.ground.wheel.now;
  }

  protected leaveExpectation(): void {
    this.#request = { ...this.#request, expectsContinue: false };
  }

  /** A try that is not sent yet; `owner` hears of it. */
  protected tryAt(target: Target, owner: Tried): Try {
    this.began(target);
    const { now } = this.ground.wheel;
    return new Try(owner, this.route.balancer, target, now, this.#trail, this.tries > 1);
  }

  protected send(one: Try): void {
    const due = this.deadline === undefined ? this.#request : this.#within(this.deadline);
    const request = this.#trail?.tried(one, one.target, due) ?? due;
    one.call = send(this.ground, this.route, this.exchange, one, request);
  }

  /** The request as it is sent now: with what is left of its time. */
  #within(deadline: Deadline): OutgoingRequest {
    const request = this.#request;
    const fields = deadline.left(request.fields, this.ground.wheel.now);
    return fields === request.fields ? request : { ...request, fields };
  }
}
