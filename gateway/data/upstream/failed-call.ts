/** Owns a try that failed before it was begun: told once its maker has the call, as every other failure. */
import type { Call, CallHandler } from '../message/call.ts';
import type { FailedTry } from '../message/message.ts';

export class FailedCall implements Call {
  readonly isReady = false;
  #isCancelled = false;

  constructor(handler: CallHandler, failure: FailedTry) {
    process.nextTick(() => {
      if (!this.#isCancelled) handler.onFailed(failure);
    });
  }

  write(): boolean {
    return false;
  }

  end(): void {
    // There is nobody to tell.
  }

  read(): void {
    // Nothing comes.
  }

  cancel(): void {
    this.#isCancelled = true;
  }
}

/** The failure where an endpoint is to be spoken to over TLS, and can't be. */
export function tlsFailure(address: string, why: string): FailedTry {
  return { sent: 'no', code: 'ENDPOINT_TLS_FAILED', what: `${address}: TLS failed: ${why}` };
}
