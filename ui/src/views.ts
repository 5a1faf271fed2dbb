/** Owns the registry of views: adding one here gives it a place in the navigation, a shortcut and its routes. */
import type { AnyComponent } from 'preact';
import { lazy } from 'preact-iso';
import type { IconName } from './ui/icon.tsx';

interface ViewRoute {
  /** Pattern, such as `/services/:service`. */
  readonly path: string;
  readonly component: AnyComponent;
}

interface View {
  readonly id: string;
  readonly title: string;
  /** Where its link leads. */
  readonly href: string;
  readonly icon: IconName;
  /** Pressed after `g`. */
  readonly key: string;
  readonly routes: readonly ViewRoute[];
}

export const views: readonly View[] = [
  {
    id: 'map',
    title: 'Map',
    href: '/',
    icon: 'map',
    key: 'm',
    routes: [{ path: '/', component: lazy(() => import('./views/map/map-view.tsx')) }],
  },
  {
    id: 'services',
    title: 'Services',
    href: '/services',
    icon: 'services',
    key: 's',
    routes: [
      { path: '/services', component: lazy(() => import('./views/services/services-view.tsx')) },
      {
        path: '/services/:service',
        component: lazy(() => import('./views/services/service-view.tsx')),
      },
    ],
  },
  {
    id: 'trust',
    title: 'Clusters and trust',
    href: '/trust',
    icon: 'trust',
    key: 'c',
    routes: [{ path: '/trust', component: lazy(() => import('./views/trust/trust-view.tsx')) }],
  },
  {
    id: 'matrix',
    title: 'Matrix',
    href: '/matrix',
    icon: 'matrix',
    key: 'x',
    routes: [{ path: '/matrix', component: lazy(() => import('./views/matrix/matrix-view.tsx')) }],
  },
  {
    id: 'traffic',
    title: 'Traffic',
    href: '/traffic',
    icon: 'traffic',
    key: 't',
    routes: [
      { path: '/traffic', component: lazy(() => import('./views/traffic/traffic-view.tsx')) },
    ],
  },
  {
    id: 'routing',
    title: 'Routing',
    href: '/routing',
    icon: 'routing',
    key: 'r',
    routes: [
      { path: '/routing', component: lazy(() => import('./views/routing/routing-view.tsx')) },
    ],
  },
  {
    id: 'policies',
    title: 'Policies',
    href: '/policies',
    icon: 'policies',
    key: 'p',
    routes: [
      { path: '/policies', component: lazy(() => import('./views/policies/policies-view.tsx')) },
      {
        path: '/policies/new',
        component: lazy(() => import('./views/policies/new-policy-view.tsx')),
      },
      {
        path: '/policies/:scope/:kind/:namespace/:name',
        component: lazy(() => import('./views/policies/policy-view.tsx')),
      },
      {
        path: '/policies/:scope/:kind/:namespace/:name/edit',
        component: lazy(() => import('./views/policies/edit-policy-view.tsx')),
      },
    ],
  },
  {
    id: 'drills',
    title: 'Drills',
    href: '/drills',
    icon: 'drills',
    key: 'd',
    routes: [
      { path: '/drills', component: lazy(() => import('./views/drills/drills-view.tsx')) },
      { path: '/drills/new', component: lazy(() => import('./views/drills/compose-view.tsx')) },
      { path: '/drills/compare', component: lazy(() => import('./views/drills/compare-view.tsx')) },
      {
        path: '/drills/schedules',
        component: lazy(() => import('./views/drills/schedules-view.tsx')),
      },
      { path: '/drills/orders', component: lazy(() => import('./views/drills/orders-view.tsx')) },
      { path: '/drills/:id', component: lazy(() => import('./views/drills/drill-view.tsx')) },
    ],
  },
  {
    id: 'events',
    title: 'Events and audit',
    href: '/events',
    icon: 'events',
    key: 'e',
    routes: [
      { path: '/events', component: lazy(() => import('./views/events/events-view.tsx')) },
      { path: '/events/audit', component: lazy(() => import('./views/events/audit-view.tsx')) },
    ],
  },
];

/** The view that a path belongs to: the one with the longest address that leads there. */
export function viewOf(path: string): View | undefined {
  return views
    .filter(({ href }) => path === href || (href !== '/' && path.startsWith(`${href}/`)))
    .sort((a, b) => b.href.length - a.href.length)[0];
}
