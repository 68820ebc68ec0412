// The inbox, by day; what was 2 seconds in view, or was opened, is read.
import { html, useEffect, useRef, useState } from '../html.js';
import { call, useRead } from '../api.js';
import { set, state } from '../state.js';
import { Icon } from '../icons.js';
import { Head, States, Title, useHeading } from '../parts.js';
import { clock, heading } from '../format.js';
import { PushCard } from '../push.js';
import { usePages } from '../pages.js';
import { useLive } from '../uselive.js';
import { Disc, target } from '../notices.js';

// protocols as they are written everywhere
const Body = ({ text }) => text.split(/(\b\d{14}\b)/).map((part, n) => (n % 2 ? html`<span class="proto"><span>${part.slice(0, 8)}</span><span>${part.slice(8)}</span></span>` : part));

function Notice({ of, open, read, watch }) {
  const link = useRef();
  useEffect(() => { if (!of.read) return watch(link.current, of.id); return; }, [of.read]);
  return html`<li class=${of.read ? null : 'new'}><a ref=${link} href=${target(of, open)} onClick=${() => read(of.id)}><${Disc} type=${of.type} />
    <span class="grow"><span class="t">${of.title}</span><span class="small pre"><br /><${Body} text=${of.body} /></span>
    <span class="small mute num"><br /><time datetime=${of.at}>${clock(of.at)}</time>${!of.read && html`<span class="vh"> não lido</span>`}</span></span></a></li>`;
}

export default function Avisos() {
  const { got, items: shown, more } = usePages('/v1/notifications', 'id');
  const open = useRead('/v1/evaluations');
  const [marked, mark] = useState(() => new Set());
  useHeading('Avisos', 'avisos');
  useLive(({ event }) => { if (event !== 'ticket') { got.again(); open.again(); } });
  useEffect(() => { if (got.data) set({ unread: got.data.unread }); }, [got.data]);
  const read = useRef();
  read.current = async (id) => {
    if (marked.has(id)) return;
    mark((now) => new Set([...now, id]));
    set({ unread: Math.max(0, state.unread - 1) });
    await call(`/v1/notifications/${id}/read`, { method: 'POST' }).catch(() => {});
  };
  const watch = (element, id) => {
    let timer;
    const eye = new IntersectionObserver(([seen]) => {
      clearTimeout(timer);
      if (seen.isIntersecting) timer = setTimeout(() => document.visibilityState === 'visible' && read.current(id), 2000);
    }, { threshold: 0.6 });
    eye.observe(element);
    return () => { clearTimeout(timer); eye.disconnect(); };
  };
  const items = shown.map((one) => (marked.has(one.id) ? { ...one, read: true } : one));
  const days = [];
  for (const one of items) {
    const day = heading(one.at);
    if (days.at(-1)?.day !== day) days.push({ day, items: [] });
    days.at(-1).items.push(one);
  }
  return html`<${Head}><${Title}>Avisos</${Title}></${Head}><${PushCard} />
    <${States} got=${got} what="seus avisos" name="avisos">
      ${!items.length && html`<div class="card empty"><span class="seal"><${Icon} name="bell" /></span><h2>Nenhum aviso ainda</h2><p>Avisamos aqui a cada passo dos seus atendimentos.</p></div>`}
      ${days.map(({ day, items: group }) => html`<h2 class="day" key=${`h${day}`}>${day}</h2>
        <ul class="list news card" key=${day}>${group.map((one) => html`<${Notice} key=${one.id} of=${one} open=${open.data} read=${(id) => read.current(id)} watch=${watch} />`)}</ul>`)}
      ${more('mais avisos')}
    </${States}>`;
}
