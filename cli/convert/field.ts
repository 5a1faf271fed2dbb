/** Owns reading a document of another system field by field: what is read, and what is told of, is noted, so that nothing else is dropped in silence. */
import type { Placed } from '../../core/yaml-documents.ts';
import { goDuration } from './durations.ts';

/** Something that a document says and that is not said here, or means something else here. */
export interface Told {
  /** `left-out`: nothing here does it. `otherwise`: something here does nearly that. */
  readonly as: 'left-out' | 'otherwise';
  /** `file:line:column` */
  readonly where: string;
  /** Keys from the top of the document. */
  readonly path: readonly string[];
  /** Why, and what to do instead, without the full stop. */
  readonly why: string;
}

/** Whys by the keys that a path ends with, such as `tcp.maxConnections`; positions in lists are none. */
export type Reasons = Readonly<Record<string, string>>;

/** What all fields of a document share. */
interface Document {
  readonly placed: Placed;
  readonly reasons: Reasons;
  /** The form of a key in which two spellings of it are the same. */
  readonly spelling: (key: string) => string;
  /** Paths of fields that were read, or told of, with all below them. */
  readonly read: Set<string>;
  readonly told: Told[];
}

/** The spelling that a system has where there is only one. */
const exactly = (key: string) => key;

export class Field {
  readonly path: readonly string[];
  readonly value: unknown;
  readonly #of: Document;

  private constructor(of: Document, path: readonly string[], value: unknown) {
    this.path = path;
    this.value = value;
    this.#of = of;
  }

  /** The document as a whole, of which nothing was read yet. */
  static document(placed: Placed, reasons: Reasons = {}, spelling = exactly): Field {
    const of = { placed, reasons, spelling, read: new Set<string>(), told: [] };
    return new Field(of, [], placed.value);
  }

  /** The same document, with whys of its kind. */
  withReasons(reasons: Reasons): Field {
    return new Field({ ...this.#of, reasons }, this.path, this.value);
  }

  /** `file:line:column` */
  get where(): string {
    return this.#of.placed.place(this.path);
  }

  /** The last key. */
  get key(): string {
    return this.path.at(-1) ?? '';
  }

  /** What is at a key; undefined where there is nothing, or null. */
  at(key: string): Field | undefined {
    const { value } = this;
    if (typeof value !== 'object' || value === null) return undefined;
    const { spelling } = this.#of;
    const found = Object.keys(value).find((one) => spelling(one) === spelling(key));
    if (found === undefined) return undefined;
    const inner = (value as Record<string, unknown>)[found];
    return inner === null ? undefined : new Field(this.#of, [...this.path, found], inner);
  }

  /** What is at the end of several keys. */
  down(...keys: readonly string[]): Field | undefined {
    return keys.reduce<Field | undefined>((at, key) => at?.at(key), this);
  }

  /** The items of a list at a key; none where there is none. */
  list(key: string): readonly Field[] {
    const list = this.at(key);
    if (list === undefined) return [];
    if (!Array.isArray(list.value)) {
      list.leave('it is no list');
      return [];
    }
    if (list.value.length === 0) list.take();
    return list.value.map((item, i) => new Field(this.#of, [...list.path, String(i)], item));
  }

  /** The fields of an object, by their keys. */
  get fields(): readonly Field[] {
    const { value } = this;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
    return Object.entries(value).map(
      ([key, inner]) => new Field(this.#of, [...this.path, key], inner),
    );
  }

  text(key: string): string | undefined {
    return this.read(key, 'text', (value) => (typeof value === 'string' ? value : undefined));
  }

  number(key: string): number | undefined {
    return this.read(key, 'number', (value) => {
      const number = typeof value === 'string' && value !== '' ? Number(value) : value;
      return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
    });
  }

  flag(key: string): boolean | undefined {
    return this.read(key, 'truth value', (value) =>
      typeof value === 'boolean' ? value : undefined,
    );
  }

  /** A duration as Go writes it, in the words of ours. */
  duration(key: string): string | undefined {
    return this.read(key, 'duration up to 24h', goDuration);
  }

  /** The texts of a list; one text is a list of it. */
  texts(key: string): readonly string[] | undefined {
    return this.read(key, 'list of texts', (value) => {
      const all = Array.isArray(value) ? value : [value];
      return all.every((one) => typeof one === 'string') ? all : undefined;
    });
  }

  /** Texts by their keys. */
  texted(key: string): readonly (readonly [string, string])[] {
    const found = this.read(key, 'map of texts', (value) => {
      const all = Object.entries(value as object);
      return all.every(([, one]) => ['string', 'number', 'boolean'].includes(typeof one))
        ? all.map(([name, one]) => [name, String(one)] as const)
        : undefined;
    });
    return found ?? [];
  }

  /** What `read` makes of what is at a key; where that is undefined, it is told that it is no such thing. */
  read<T>(key: string, what: string, read: (value: unknown) => T | undefined): T | undefined {
    const field = this.at(key);
    if (field === undefined) return undefined;
    const value = read(field.value);
    if (value === undefined) field.leave(`it is no ${what}`);
    else field.take();
    return value;
  }

  /** Counts it as read, with all that is in it. */
  take(): this {
    this.#of.read.add(keyOf(this.path));
    return this;
  }

  /** Tells that nothing here does it. Without a why it is that of the reasons. */
  leave(why: string = this.#knownReason ?? 'nothing here says the same'): void {
    this.take();
    this.#tell('left-out', why);
  }

  /** Tells that what is made of it does not mean quite the same. What is in it is still to be read. */
  differs(why: string): void {
    if (typeof this.value !== 'object') this.take();
    this.#tell('otherwise', why);
  }

  #tell(as: Told['as'], why: string): void {
    this.#of.told.push({ as, where: this.where, path: this.path, why });
  }

  /** Whether nothing in it was told to be left out. */
  get isWhole(): boolean {
    const under = keyOf(this.path);
    return !this.#of.told.some(({ as, path }) => as === 'left-out' && isWithin(keyOf(path), under));
  }

  /** Tells of all in it that was not read: of an object with one field alone, of that. */
  leaveRest(): void {
    const under = keyOf(this.path);
    const read = [...this.#of.read];
    if (read.some((one) => isWithin(under, one))) return;
    const inner = Array.isArray(this.value)
      ? this.value.map((item, i) => new Field(this.#of, [...this.path, String(i)], item))
      : this.fields;
    const isPartlyRead = read.some((one) => isWithin(one, under));
    if (isPartlyRead || (inner.length === 1 && this.#knownReason === undefined)) {
      for (const one of inner) one.leaveRest();
    } else if (this.value !== null && this.value !== undefined) this.leave();
  }

  /** All that was told of the document, in the order in which it stands there. */
  get told(): readonly Told[] {
    const line = ({ where }: Told) => where.split(':').slice(-2).map(Number) as [number, number];
    return [...this.#of.told].sort((a, b) => {
      const [[line1, column1], [line2, column2]] = [line(a), line(b)];
      return line1 - line2 || column1 - column2;
    });
  }

  get #knownReason(): string | undefined {
    const keys = this.path.filter((key) => !/^\d+$/.test(key)).map(this.#of.spelling);
    const spelt = Object.entries(this.#of.reasons).map(
      ([path, why]) => [path.split('.').map(this.#of.spelling).join('.'), why] as const,
    );
    for (let i = 0; i < keys.length; i++) {
      const found = spelt.find(([path]) => path === keys.slice(i).join('.'));
      if (found) return found[1];
    }
    return undefined;
  }
}

const between = '\0';

function keyOf(path: readonly string[]): string {
  return path.map((key) => `${between}${key}`).join('');
}

function isWithin(path: string, outer: string): boolean {
  return path === outer || path.startsWith(`${outer}${between}`);
}
