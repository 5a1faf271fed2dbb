/** Owns the scene that stands: it is kept as long as faults heal, and built anew for another registry. */
import { appendFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Scope } from '../support/gateway-process.ts';
import { buildScene } from './scene/build.ts';
import type { Registry, Scene } from './scene/scene.ts';

const warmUpMs = 8_000;
/** What gateways said last, where a fault did not heal by itself. */
const said = join(tmpdir(), `isthmus-faults-${process.pid}.log`);

export class Stage {
  #scene: Scene | undefined;
  #ends: (() => unknown)[] = [];
  #passed = true;

  async scene(registry: Registry): Promise<Scene> {
    if (this.#scene?.registry === registry) return this.#scene;
    await this.clear(true);
    console.log(
      `building the scene: three datacenters over ${registry === 'etcd' ? 'an etcd of three nodes' : 'an embedded registry'}`,
    );
    this.#passed = false;
    this.#scene = await buildScene(this.#scope(), registry);
    // Programs that have just started take longer for their first requests.
    await this.#scene.startLoad();
    await delay(warmUpMs);
    await this.#scene.stopLoad();
    return this.#scene;
  }

  #scope(): Scope {
    const stage = this;
    return {
      teardown: (end) => {
        stage.#ends.push(end);
      },
      log: ((...lines) => appendFileSync(said, `${lines.join('\n')}\n`)) as Scope['log'],
      get passed() {
        return stage.#passed;
      },
    };
  }

  /** `passed`: whether what the gateways said last is of no interest. */
  async clear(passed: boolean): Promise<void> {
    this.#passed = passed;
    this.#scene = undefined;
    for (const end of this.#ends.splice(0).reverse()) await end();
    if (!passed) console.log(`      what the gateways said last is in ${said}`);
  }
}
