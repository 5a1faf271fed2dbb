/** Owns what a document of another system is to a kind of policy that takes it as it is: how it is recognised, checked and translated. */
import type { z } from 'zod';

/** A document as another system has it, checked by its own schema. */
interface ForeignDocument<S extends z.ZodType> {
  readonly namespace: string;
  readonly name: string;
  readonly spec: z.output<S>;
}

/** A field of a document that is valid there and does nothing here. */
interface Unhonoured {
  /** Keys from the top of the document: `spec`, `rules`, `0`, `filters`. */
  readonly path: readonly string[];
  /** Why, in a sentence without its full stop. */
  readonly why: string;
}

/** What a document says in the words of the kind that takes it. */
interface Translation {
  readonly spec: Readonly<Record<string, unknown>>;
  /** Told before anything is applied. */
  readonly unhonoured: readonly Unhonoured[];
}

/** A kind of document, of another system, that a kind of policy takes as it is. */
export interface Manifest<S extends z.ZodType = z.ZodType> {
  /** `gateway.networking.k8s.io/v1` */
  readonly apiVersion: string;
  /** As that system calls it. */
  readonly kind: string;
  /** The document's spec there: a fault in it is told where it stands. */
  readonly spec: S;
  /** Pure. What it makes must be what the kind's own spec takes. */
  translate(document: ForeignDocument<S>): Translation;
}
