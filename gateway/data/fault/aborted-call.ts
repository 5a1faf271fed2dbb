/** Owns a try that a fault answers in the endpoint's place: a status and no body. */

import type { Call, CallHandler } from '../message/call.ts';
import { FieldList } from '../wire/http2/field-list.ts';

const noFields = new FieldList([], 0);

export class AbortedCall implements Call {
  readonly isReady = true;
  #isCancelled = false;

  constructor(handler: CallHandler, status: number) {
    // Whoever makes a call has it before anything is told of it.
    process.nextTick(() => {
      if (this.#isCancelled) return;
      handler.onResponse({ status, fields: noFields, bodyLength: 0, connectionTokens: [] });
      handler.onEnd([]);
    });
  }

  write(): boolean {
    return true;
  }

  end(): void {
    // The answer is known already, whatever the body says.
  }

  read(): void {
    // There is no body.
  }

  cancel(): void {
    this.#isCancelled = true;
  }
}
