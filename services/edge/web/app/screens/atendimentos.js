// The customer's tickets: pending and closed, newest first.
import { html } from '../html.js';
import { state } from '../state.js';
import { Icon } from '../icons.js';
import { Chip, Forbidden, Head, Proto, States, Title, useHeading } from '../parts.js';
import { full } from '../format.js';
import { usePages } from '../pages.js';
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
  const { menu } = state;
  const closed = query.get('situacao') === 'encerrados';
  const address = `/v1/tickets?status=${closed ? 'closed' : 'pending'}&limit=20`;
  const { got, items, more } = usePages(address, 'protocol');
  useHeading(closed ? 'Atendimentos encerrados' : 'Atendimentos', address);
  useLive(got.again);
  if (got.error?.status === 403) return html`<${Forbidden} />`;
  const tab = (to, name, on) => html`<a href=${to} aria-current=${on ? 'page' : null}>${name}</a>`;
  return html`<${Head}><${Title}>Atendimentos</${Title}></${Head}><div class="stack">
    <nav class="seg" aria-label="Situação">${tab('/atendimentos', 'Pendentes', !closed)}${tab('/atendimentos?situacao=encerrados', 'Encerrados', closed)}</nav>
    <${States} got=${got} what="seus atendimentos" name="atendimentos">
      ${items.length ? html`<ul class="list" aria-label=${closed ? 'Atendimentos encerrados' : 'Atendimentos pendentes'}>${items.map((one) => html`<${Ticket} key=${one.protocol} of=${one} />`)}</ul>`
      : html`<${Empty} closed=${closed} contacts=${menu?.includes('contacts')} />`}
      ${more('mais atendimentos')}
    </${States}></div>`;
}
