// The customer's tickets: pending and closed, newest first.
import { html, useEffect, useRef, useState } from '../html.js';
import { call, useRead } from '../api.js';
import { useApp } from '../state.js';
import { Icon } from '../icons.js';
import { Chip, Failed, Forbidden, Head, Proto, States, Title, useHeading } from '../parts.js';
import { full } from '../format.js';
import { useLive } from '../uselive.js';

const Ticket = ({ of }) => html`<li><a class="card tk" href=${`/atendimentos/${of.protocol}`}>
  <span class="row"><span class="mute"><span class="vh">Protocolo </span><${Proto} of=${of.protocol} /></span><${Chip} ticket=${of} /></span>
  <span class="say clamp">${of.complaint || '—'}</span>
  <span class="facts two"><span><span class="small mute">Abertura</span><br /><time class="num" datetime=${of.opened_at}>${full(of.opened_at)}</time></span>
  <span><span class="small mute">Defeito constatado</span><br />${of.defect_found || '—'}</span></span></a></li>`;

function Empty({ closed, contacts }) {
  return html`<div class="card empty"><span class="seal"><${Icon} name="check" /></span>
    <h2>${closed ? 'Nenhum atendimento encerrado' : 'Nenhum atendimento pendente'}</h2>
    ${!closed && html`<p>Quando você abrir um, ele aparece aqui e avisamos a cada passo.</p>`}
    ${!closed && contacts && html`<a class="btn" href="/contato">Entrar em contato</a>`}</div>`;
}

export default function Atendimentos({ query }) {
  const { menu } = useApp();
  const closed = query.get('situacao') === 'encerrados';
  const address = `/v1/tickets?status=${closed ? 'closed' : 'pending'}&limit=20`;
  const got = useRead(address);
  const [more, add] = useState({ items: [], cursor: null });
  const [failed, fail] = useState(null);
  const list = useRef();
  const fresh = useRef(-1);
  useHeading(closed ? 'Atendimentos encerrados' : 'Atendimentos', address);
  useLive(() => { if (!more.items.length) got.again(); });
  useEffect(() => {
    if (fresh.current < 0) return;
    list.current.children[fresh.current]?.querySelector('a').focus();
    fresh.current = -1;
  }, [more]);
  if (got.error?.status === 403) return html`<${Forbidden} />`;
  const first = got.data?.items || [];
  const known = new Set(first.map((one) => one.protocol));
  const items = [...first, ...more.items.filter((one) => !known.has(one.protocol))];
  const cursor = more.items.length ? more.cursor : got.data?.next_cursor;
  const show = async () => {
    fail(null);
    try {
      const { data } = await call(`${address}&cursor=${encodeURIComponent(cursor)}`);
      fresh.current = items.length;
      add({ items: [...more.items, ...data.items], cursor: data.next_cursor });
    } catch (error) { fail(error); }
  };
  const tab = (to, name, on) => html`<a href=${to} aria-current=${on ? 'page' : null}>${name}</a>`;
  return html`<${Head}><${Title}>Atendimentos</${Title}></${Head}><div class="stack">
    <nav class="seg" aria-label="Situação">${tab('/atendimentos', 'Pendentes', !closed)}${tab('/atendimentos?situacao=encerrados', 'Encerrados', closed)}</nav>
    <${States} got=${got} what="seus atendimentos" name="atendimentos">
      ${items.length ? html`<ul class="list" ref=${list} aria-label=${closed ? 'Atendimentos encerrados' : 'Atendimentos pendentes'}>${items.map((one) => html`<${Ticket} key=${one.protocol} of=${one} />`)}</ul>`
      : html`<${Empty} closed=${closed} contacts=${menu?.includes('contacts')} />`}
      ${failed && html`<${Failed} what="mais atendimentos" error=${failed} again=${show} />`}
      ${cursor && !failed && !got.stale && html`<p><button class="btn quiet full" type="button" onClick=${show}>Mostrar mais</button></p>`}
    </${States}></div>`;
}
