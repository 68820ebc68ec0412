// The one place that knows Preact: every screen imports its markup and its hooks from here.
import { h, render } from './vendor/preact.js';
import htm from './vendor/htm.js';
export { useEffect, useLayoutEffect, useRef, useState } from './vendor/hooks.js';
export { render };
export const html = htm.bind(h);
