// An address that leads nowhere.
import { html } from '../html.js';
import { Lost } from '../parts.js';

export default () => html`<${Lost} />`;
