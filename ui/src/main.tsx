/** Owns starting the page. */
import { render } from 'preact';
import './styles/index.css';
import { followSession } from './api/session.ts';
import { startClock } from './live/clock.ts';
import { startStore } from './live/store.ts';
import { App } from './shell/app.tsx';
import { startTheme } from './shell/theme.ts';
import { keepVantageInLinks } from './shell/vantage-links.ts';

keepVantageInLinks();
startTheme();
startClock();
startStore();
followSession();
const root = document.getElementById('app');
if (root) render(<App />, root);
