/** Owns a try that failed before it was begun: told when its maker has it, as every other failure. */
import type { Call, CallHandler } from '../proxy/call.ts';
import type { FailedTry } from '../proxy/message.ts';

export class FailedCall implements Call {
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
