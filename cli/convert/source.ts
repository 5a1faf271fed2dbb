/** Owns what a system is that documents are converted from. */
import type { Placed } from '../../core/yaml-documents.ts';
import type { Converted } from './drafts.ts';
import type { Field, Told } from './field.ts';

export interface Conversion {
  readonly documents: readonly Converted[];
  readonly told: readonly Told[];
}

export interface Asked {
  /** Of documents that name none. */
  readonly namespace: string;
  /** The trust domain of those whom the documents name without one, `<cluster>.<federation>`; undefined: not known. */
  readonly trustDomain: string | undefined;
}

export interface Source {
  /** As people call it. */
  readonly title: string;
  recognises(document: Placed): boolean;
  /** The form of a key in which its spellings are the same; absent: there is one only. */
  spelling?(key: string): string;
  /** Pure. All of its documents at once, for some say what others mean. */
  convert(documents: readonly Field[], asked: Asked): Conversion;
}
