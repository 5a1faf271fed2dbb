/** Owns dialogs: the browser's own modal, so that focus, Escape and what lies behind are handled as everywhere. */
import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { Icon } from './icon.tsx';

export function Dialog({
  title,
  open,
  onClose,
  children,
  wide = false,
}: {
  readonly title: string;
  readonly open: boolean;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
  readonly wide?: boolean;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  // A dialog that is closed here tells of it later, when it may have been asked for again.
  const closedHere = useRef(false);
  // At once: until it is closed the focus is nowhere, for what had it is gone from the page.
  useLayoutEffect(() => {
    const dialog = ref.current;
    if (open && dialog && !dialog.open) dialog.showModal();
    if (!open && dialog?.open) {
      closedHere.current = true;
      dialog.close();
    }
  }, [open]);
  function onClosed(): void {
    if (!closedHere.current) onClose();
    closedHere.current = false;
  }
  return (
    <dialog ref={ref} class={wide ? 'wide' : undefined} aria-labelledby={id} onClose={onClosed}>
      {open && (
        <>
          <header class="dialog-head">
            <h2 id={id}>{title}</h2>
            <button type="button" class="icon-button" aria-label="Close" onClick={onClose}>
              <Icon name="cross" />
            </button>
          </header>
          <div class="dialog-body">{children}</div>
        </>
      )}
    </dialog>
  );
}
