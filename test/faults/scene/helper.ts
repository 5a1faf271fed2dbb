/** Owns the helper processes of the scene: a program at a machine, asked over the channel to its parent, with which it ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Scope } from '../../support/gateway-process.ts';
import { killChild } from '../../support/programs.ts';

interface Question {
  readonly number: number;
  readonly what: string;
  readonly argument: unknown;
}

interface Answer {
  readonly number: number;
  readonly value: unknown;
}

/** Another process of the scene, as the run sees it. */
export class Helper {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (value: unknown) => void>();
  #asked = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', ({ number, value }: Answer) => {
      this.#waiting.get(number)?.(value);
      this.#waiting.delete(number);
    });
  }

  /** Starts a module of this folder by the words that have a command run at a machine; resolves once it answers. */
  static async start(
    t: Pick<Scope, 'teardown'>,
    at: readonly [string, ...string[]],
    module: string,
    plan: object,
  ): Promise<Helper> {
    const [program, ...args] = at;
    const path = fileURLToPath(new URL(`./${module}`, import.meta.url));
    const child = spawn(program, [...args, process.execPath, path, JSON.stringify(plan)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    t.teardown(() => killChild(child));
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`${module} ended with ${code}`);
    });
    const helper = new Helper(child);
    await Promise.race([once(child, 'message'), ended]);
    // Later it is ended by us.
    ended.catch(() => {});
    return helper;
  }

  ask<T>(what: string, argument?: unknown): Promise<T> {
    const number = ++this.#asked;
    this.#child.send({ number, what, argument } satisfies Question);
    return new Promise((resolve) => this.#waiting.set(number, resolve as (value: unknown) => void));
  }
}

/** In a helper: answers what the run asks, and says that it is there. */
export function served(answers: Readonly<Record<string, (argument: never) => unknown>>): void {
  process.on('message', async ({ number, what, argument }: Question) => {
    const value = await answers[what]?.(argument as never);
    process.send?.({ number, value: value ?? null } satisfies Answer);
  });
  process.on('disconnect', () => process.exit());
  process.send?.({ number: 0, value: null } satisfies Answer);
}
