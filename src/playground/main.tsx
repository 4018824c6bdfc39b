/** The playground: a page at `/` where one sees an adapter work. Built by scripts/playground.ts. */
import './no-eval.ts';
import { render } from 'preact';
import { App } from './app.tsx';

const page = document.getElementById('page');
if (page !== null) {
  render(<App />, page);
}
