/** Owns looking at what the gateways of the scene take of their machine, process by process, and what is said of that at the end. */
import { type Footprint, flatnessOf, footprintOf } from './footprint.ts';
import type { Scene } from './scene/scene.ts';

/** What each process of a gateway took, whenever nothing was asked of it. */
export class Looks {
  readonly #byProcess = new Map<string, Footprint[]>();

  async take(scene: Scene): Promise<void> {
    for (const { name, process } of scene.gateways) {
      const { pid } = await process.status();
      const key = `${name}, process ${pid}`;
      const looks = this.#byProcess.get(key) ?? [];
      looks.push(await footprintOf(pid));
      this.#byProcess.set(key, looks);
    }
  }

  verdicts() {
    return [...this.#byProcess].map(([process, looks]) => {
      const found = flatnessOf(looks);
      const said =
        found.kind === 'too young'
          ? `${looks.length} looks, too few to judge`
          : `${found.kind} over ${looks.length} looks: ${inWords(found.first)} at first, ${inWords(found.last)} at last`;
      return { process, said, isGrowing: found.kind === 'growing' };
    });
  }
}

function inWords({ memory, handles, sockets }: Footprint): string {
  return `${Math.round(memory)} MiB, ${handles} handles, ${sockets} sockets`;
}
