// What the whole app knows, drawn anew when it changes, and what is said aloud.
import { useEffect, useState } from './html.js';

export const state = {
  config: {}, session: null, menu: null, unread: 0, queue: [], online: navigator.onLine,
  toast: null, update: null, installer: null, open: null,
};
let draw = () => {};

export function set(changes) {
  Object.assign(state, changes);
  draw();
}

// for the app as a whole: it is drawn anew, with all that is in it, whenever something changes
export function useChanges() {
  const [, again] = useState(0);
  useEffect(() => { draw = () => again((n) => n + 1); }, []);
}

export const byId = (id) => document.getElementById(id);

let speaking;
export function announce(text) {
  const line = byId('avisador');
  clearTimeout(speaking);
  line.textContent = '';
  speaking = setTimeout(() => { line.textContent = text; }, 60);
}

let fading;
export function toast(text, { href, keep } = {}) {
  clearTimeout(fading);
  announce(text);
  set({ toast: { text, href } });
  if (!keep) fading = setTimeout(() => set({ toast: null }), 6000);
}

// in memory of this device, until somebody leaves
export const channel = () =>
  matchMedia('(display-mode: standalone)').matches || innerWidth < 768 ? 'sac_plus' : 'sac_web';
