/** Owns what a row of the matrix is: a fault, what ends it, and what is wanted of the product meanwhile. */
import type { Datacenter } from './scene/plan.ts';
import type { Registry, Scene } from './scene/scene.ts';

export interface Row {
  /** By which it is run alone: `--only leader-killed`. */
  readonly name: string;
  readonly title: string;
  /** The registry of the scene it plays in; default an etcd. */
  readonly registry?: Registry;
  /** Before the row, without load: what only the row needs. */
  prepare?(scene: Scene): Promise<void>;
  /** Makes the fault, and resolves once it is in force. A fault that is an act, such as an upgrade, is over then. */
  break(scene: Scene): Promise<void>;
  /** Ends the cause. Nothing is done about the product: it has to find its way back by itself. */
  heal?(scene: Scene): Promise<void>;
  /** Once all is whole again: what is not as it has to be, in words. */
  afterwards?(scene: Scene): Promise<readonly string[]>;
  /** After the row, without load: puts back what only the row needed. */
  tidy?(scene: Scene): Promise<void>;
  /** Whether the scene can't be used for another row. */
  readonly spoils?: true;
  /** How long the fault lasts at least, once it is in force; default 5 s. */
  readonly lastsMs?: number;
  /** What `isthmus status` has to name, with what to do, at which gateways, while the fault lasts. */
  readonly named?: readonly Naming[];
  /** A datacenter that vanishes in silence: within 1.5 s its load is answered elsewhere. */
  readonly vanishes?: Datacenter;
}

export interface Naming {
  readonly at: readonly string[];
  /** One of them. */
  readonly codes: readonly string[];
}
