// How a notice looks, and where it leads.
import { html } from './html.js';
import { Icon } from './icons.js';

const LOOKS = [
  [/service_order/, 'calendar', 'info'], [/responsible/, 'user', ''], [/evaluation/, 'star', 'wait'], [/closed/, 'check', 'done'],
  [/reopened/, 'reopen', ''], [/phase/, 'flag', ''], [/opened/, 'plus', ''], [/contact/, 'chat', ''],
];

export function Disc({ type }) {
  const [, icon, kind] = LOOKS.find(([pattern]) => pattern.test(type)) || [0, 'dot', ''];
  return html`<span class=${`disc ${kind}`}><${Icon} name=${icon} /></span>`;
}

export function target(notice, open) {
  const id = notice.evaluation_id;
  if (id && (!notice.protocol || !open || open.some((one) => one.evaluation_id === id))) return `/avaliar/${id}`;
  return notice.protocol ? `/atendimentos/${notice.protocol}` : '/atendimentos';
}
