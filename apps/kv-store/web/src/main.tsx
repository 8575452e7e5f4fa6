import 'uplot/dist/uPlot.min.css';
import './style/page.css';
import './style/controls.css';
import './style/headline.css';
import './style/cluster.css';
import './style/import.css';
import './style/charts.css';
import './style/narrow.css';
import { render } from 'preact';
import { App } from './app.tsx';

render(<App />, document.getElementById('app')!);
