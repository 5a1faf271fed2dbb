/** Owns the page as a whole: rail, banner, the view that the URL names, dialogs. */
import { useEffect, useState } from 'preact/hooks';
import { ErrorBoundary, LocationProvider, Route, Router, useLocation } from 'preact-iso';
import { type Problem, problemOf } from '../api/problem.ts';
import { isStale } from '../live/connection.ts';
import { Page } from '../ui/page.tsx';
import { ProblemNote } from '../ui/problem-note.tsx';
import { views } from '../views.ts';
import { ConnectionBanner } from './connection-banner.tsx';
import { Rail } from './rail.tsx';
import { listenForShortcuts } from './shortcuts.ts';
import { ShortcutsDialog } from './shortcuts-dialog.tsx';
import { SignIn } from './sign-in.tsx';
import { viewPaths } from './vantage-links.ts';
import { useVantageInUrl } from './vantage-switch.tsx';

export function App() {
  return (
    <LocationProvider scope={viewPaths}>
      <Shell />
    </LocationProvider>
  );
}

function Shell() {
  const { route } = useLocation();
  const [problem, setProblem] = useState<Problem>();
  useVantageInUrl();
  useEffect(() => listenForShortcuts((path) => route(path)), [route]);
  return (
    <>
      <a class="skip" href="#main">
        Skip to the view
      </a>
      <Rail />
      <div class="stage">
        <ConnectionBanner />
        <main id="main" tabIndex={-1} data-stale={isStale.value}>
          <ProblemNote problem={problem} />
          <ErrorBoundary onError={(error) => setProblem(problemOf(error))}>
            <Router onRouteChange={() => setProblem(undefined)}>
              {views.flatMap(({ routes }) =>
                routes.map(({ path, component }) => (
                  <Route key={path} path={path} component={component} />
                )),
              )}
              <Route default component={NotFound} />
            </Router>
          </ErrorBoundary>
        </main>
      </div>
      <ShortcutsDialog />
      <SignIn />
    </>
  );
}

function NotFound() {
  const { path } = useLocation();
  return (
    <Page title="No such view" lead={`There is nothing at ${path}.`}>
      <p>
        <a href="/">To the map</a>
      </p>
    </Page>
  );
}
