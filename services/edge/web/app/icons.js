// The icons: paths (M…), circles (c x,y,r) and rectangles (r x,y,w,h,rx) on a grid of 24, parted by bars.
import { html } from './html.js';

const SHAPES = {
  alert: 'M12 4L2.8 19.5h18.4z|M12 10v4.5M12 17h.01',
  back: 'M14.5 5.5L8 12l6.5 6.5',
  bell: 'M6 16v-5a6 6 0 0 1 12 0v5l1.5 2h-15z|M10 20.5a2.2 2.2 0 0 0 4 0',
  calendar: 'r4,5.5,16,14.5,2|M4 10h16M8.5 3.5v4M15.5 3.5v4',
  chat: 'M20 11.5a7.5 7.5 0 0 1-11 6.6L4 20l1.7-4.6A7.5 7.5 0 1 1 20 11.5z',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  clock: 'c12,12,8|M12 7.5V12l3 2',
  close: 'M6 6l12 12M18 6L6 18',
  copy: 'r8.5,8.5,11,11,2|M15.5 8.5v-2a2 2 0 0 0-2-2h-7a2 2 0 0 0-2 2v7a2 2 0 0 0 2 2h2',
  dot: 'c12,12,3',
  eye: 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z|c12,12,2.7',
  flag: 'M6 21V4M6 5h11l-2 3.5 2 3.5H6',
  home: 'M4 11l8-7 8 7v8a1 1 0 0 1-1 1h-4v-6H9v6H5a1 1 0 0 1-1-1z',
  info: 'c12,12,8|M12 11v5M12 8h.01',
  leave: 'M14 4H6a1 1 0 0 0-1 1v14a1 1 0 0 0 1 1h8M10 12h10M16.5 8.5L20 12l-3.5 3.5',
  offline: 'M4 4l16 16M2.5 9a13 13 0 0 1 19 0M6 12.5a9 9 0 0 1 12 0M9 16a5 5 0 0 1 6 0M12 19h.01',
  phone: 'r7,3,10,18,2.5|M11 18h2',
  plus: 'M12 5v14M5 12h14',
  reopen: 'M4.5 12a7.5 7.5 0 1 1 2.3 5.4|M4 20v-4.5h4.5',
  send: 'M20 4L3.5 10.5l6.5 3 3 6.5z|M10 13.5l4.5-4.5',
  sliders: 'M4 7h9M17 7h3M4 17h3M11 17h9|c15,7,2|c9,17,2',
  star: 'M12 3.6l2.6 5.3 5.8.8-4.2 4.1 1 5.8-5.2-2.7-5.2 2.7 1-5.8L3.6 9.7l5.8-.8z',
  ticket: 'M5 4h14v16l-2.3-1.5L14.3 20 12 18.5 9.7 20l-2.4-1.5L5 20z|M9 9h6M9 13h4',
  user: 'c12,8,3.5|M5 20a7 7 0 0 1 14 0',
};

function shape(one) {
  const n = one.slice(1).split(',');
  if (one[0] === 'c') return html`<circle cx=${n[0]} cy=${n[1]} r=${n[2]} />`;
  if (one[0] === 'r') return html`<rect x=${n[0]} y=${n[1]} width=${n[2]} height=${n[3]} rx=${n[4]} />`;
  return html`<path d=${one} />`;
}

export const Icon = ({ name, on }) =>
  html`<svg class=${on ? 'ico on' : 'ico'} viewBox="0 0 24 24" aria-hidden="true">${SHAPES[name].split('|').map(shape)}</svg>`;

export const Logo = () => html`<svg viewBox="0 0 32 32" aria-hidden="true">
  <path fill="#f5b921" d="M16 2c8 0 14 5.6 14 13s-6 13-14 13c-1.7 0-3.3-.2-4.8-.7L4 30l1.8-6.2C3.4 21.5 2 18.4 2 15 2 7.6 8 2 16 2z" />
  <path fill="none" stroke="#0b4535" stroke-width="3" stroke-linecap="round" d="M16 9.5v11M10.5 15h11" /></svg>`;

export const Fibre = () => html`<svg class="fio" viewBox="0 0 360 240" preserveAspectRatio="xMaxYMid slice" aria-hidden="true">
  <path d="M-10 226C150 226 196 196 232 150s56-50 138-70" /><path d="M-10 236C160 238 214 216 250 178s60-44 120-56" />
  <path class="lit" d="M-10 216C140 214 178 176 214 122s60-72 104-70" /><circle class="halo" cx="318" cy="52" r="11" /><circle cx="318" cy="52" r="4.5" /></svg>`;
