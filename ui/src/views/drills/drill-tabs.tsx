/** Owns the tabs between drills, those run by the calendar, and orders that hold until they are undone. */
import { Tabs } from '../../ui/tabs.tsx';

export function DrillTabs({ open }: { readonly open: 'drills' | 'schedules' | 'orders' }) {
  return (
    <Tabs
      label="Drills and orders"
      tabs={[
        { href: '/drills', title: 'Drills', open: open === 'drills' },
        { href: '/drills/schedules', title: 'Schedules', open: open === 'schedules' },
        { href: '/drills/orders', title: 'Standing orders', open: open === 'orders' },
      ]}
    />
  );
}
