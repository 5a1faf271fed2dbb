/** Owns the tabs between what happened and what was written. */
import { Tabs } from '../../ui/tabs.tsx';

export function JournalTabs({ open }: { readonly open: 'events' | 'audit' }) {
  return (
    <Tabs
      label="Events and audit"
      tabs={[
        { href: '/events', title: 'Events', open: open === 'events' },
        { href: '/events/audit', title: 'Audit', open: open === 'audit' },
      ]}
    />
  );
}
