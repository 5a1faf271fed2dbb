/** Owns which rows of a long list are drawn: those on screen and some around them; the others are room. */
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { type Span, spanAt } from './span-at.ts';

interface Window extends Span {
  /** The element whose children are the rows. */
  readonly ref: RefObject<HTMLTableSectionElement | null>;
  /** Pixels in place of the rows before and after. */
  readonly before: number;
  readonly after: number;
}

/** Shorter lists are drawn whole: the browser finds words in them, and prints them. */
const mostWhole = 100;
/** Height of a row in pixels, until some were seen. */
const guessedHeight = 45;

export function useWindow(rows: number): Window {
  const ref = useRef<HTMLTableSectionElement>(null);
  const [height, setHeight] = useState(guessedHeight);
  const isLong = rows > mostWhole;
  const [span, setSpan] = useState<Span>(() =>
    spanAt({ top: 0, screen: innerHeight, height, rows }),
  );
  useEffect(() => {
    if (!isLong) return;
    const look = () => {
      const top = ref.current?.getBoundingClientRect().top ?? 0;
      const next = spanAt({ top, screen: innerHeight, height, rows });
      setSpan((last) => (last.first === next.first && last.end === next.end ? last : next));
    };
    look();
    addEventListener('scroll', look, { passive: true });
    addEventListener('resize', look);
    return () => {
      removeEventListener('scroll', look);
      removeEventListener('resize', look);
    };
  }, [isLong, height, rows]);
  // The mean of what is drawn stands for what isn't; small differences would only make the page tremble.
  useLayoutEffect(() => {
    const drawn = [...(ref.current?.querySelectorAll('tr:not(.table-room)') ?? [])];
    if (!isLong || drawn.length === 0) return;
    const mean = drawn.reduce((sum, row) => sum + row.clientHeight, 0) / drawn.length;
    if (Math.abs(mean - height) > height / 10) setHeight(mean);
  }, [isLong, span]);
  if (!isLong) return { ref, first: 0, end: rows, before: 0, after: 0 };
  const end = Math.min(span.end, rows);
  return { ref, first: span.first, end, before: span.first * height, after: (rows - end) * height };
}
