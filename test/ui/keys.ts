/** Owns walking a page by keys alone in tests. */
import type { Page } from 'playwright-core';

/** More than any view has. */
const mostStops = 80;

/** Presses Tab until what has the focus is called `name`. */
export async function tabTo(page: Page, name: string): Promise<void> {
  for (let stops = 0; stops < mostStops; stops++) {
    await page.keyboard.press('Tab');
    if ((await focusedName(page)) === name) return;
  }
  throw new Error(`${name} is not reached by Tab`);
}

/** What a screen reader would call what has the focus: its label, else its text. */
export async function focusedName(page: Page): Promise<string> {
  const script = `(() => {
    const { ariaLabel, labels, textContent } = document.activeElement;
    return (ariaLabel ?? labels?.[0]?.textContent ?? textContent ?? '').trim();
  })()`;
  return String(await page.evaluate(script));
}
