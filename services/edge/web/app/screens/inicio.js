// The first screen: what can be done, what waits to be rated, what came last.
import { html, useEffect } from '../html.js';
import { useRead } from '../api.js';
import { set, state } from '../state.js';
import { Fibre, Icon } from '../icons.js';
import { Note, Proto, States, Title, useHeading, waiting } from '../parts.js';
import { ago, count, hourNow, since } from '../format.js';
import { useLive } from '../uselive.js';
import { Disc, target } from '../notices.js';

function greeting(name) {
  const hour = hourNow();
  const hello = hour < 5 || hour >= 18 ? 'Boa noite' : hour < 12 ? 'Bom dia' : 'Boa tarde';
  const given = name?.trim().split(/\s+/)[0];
  return given ? `${hello}, ${given}` : hello;
}

const pending = (got) => {
  if (!got.data) return ' ';
  const n = got.data.pending ?? got.data.items.length;
  if (got.data.pending === undefined && got.data.next_cursor) return '20 ou mais';
  return n ? (n >= 1000 ? '1.000 ou mais' : count(n, 'pendente')) : 'Nenhum pendente';
};

const Tile = ({ href, icon, name, children }) => html`<a class="tile" href=${href}><span class="mark"><${Icon} name=${icon} /></span><b>${name}</b><span class="small mute">${children}</span></a>`;

export default function Inicio() {
  const has = (option) => state.menu?.includes(option);
  const tickets = useRead(has('tickets') && '/v1/tickets?status=pending&limit=20');
  const open = useRead('/v1/evaluations');
  const notices = useRead('/v1/notifications');
  useLive(() => { tickets.again(); open.again(); notices.again(); });
  useEffect(() => { if (notices.data) set({ unread: notices.data.unread }); }, [notices.data]);
  useHeading('Início', 'inicio');
  const queued = waiting();
  const rate = open.data?.slice().sort((a, b) => b.closed_at.localeCompare(a.closed_at))[0];
  const latest = notices.data?.items[0];
  return html`<div class="hero"><${Fibre} /><p>${greeting(state.session?.name)}</p><${Title}>Como podemos ajudar?</${Title}></div>
    <div class="cols"><div class="stack over">
      ${state.menu?.length > 0 && html`<nav class="tiles" aria-label="Menu">
        ${has('tickets') && html`<${Tile} href="/atendimentos" icon="ticket" name="Atendimentos">${pending(tickets)}</${Tile}>`}
        ${has('contacts') && html`<${Tile} href="/contato" icon="chat" name="Contato">Fale com um setor</${Tile}>`}</nav>`}
      ${state.menu?.length === 0 && html`<section class="card stack" aria-label="Opções"><p>Seu provedor ainda não ligou nenhuma opção neste app. Seus avisos continuam chegando.</p>
        <p class="row wrap"><a class="btn full" href="/avisos">Ver avisos</a></p></section>`}
      ${queued.length > 0 && html`<${Note} kind="wait" icon="clock"><p><b>${count(queued.length, ...(queued.every((one) => one.kind !== 'contact') ? ['avaliação', 'avaliações'] : ['contato']))} na fila.</b> Enviamos sozinho quando a conexão voltar.</p>
        <p><a class="btn quiet" href=${`/contato?fila=${queued[0].key}`}>Ver fila</a></p></${Note}>`}
      ${rate && html`<section class="card stack" aria-labelledby="ev"><div class="row"><span class="disc wait"><${Icon} name="star" /></span><div class="grow">
        <h2 id="ev">Como foi o atendimento?</h2><p class="small mute">Protocolo <${Proto} of=${rate.protocol} />, encerrado ${since(rate.closed_at)}</p></div></div>
        <p class="row wrap"><a class=${state.menu?.length === 0 ? 'btn quiet full' : 'btn full'} href=${`/avaliar/${rate.evaluation_id}`}>Avaliar atendimento</a></p></section>`}
    </div>
    <section class="stack side" aria-labelledby="ul"><h2 id="ul" class="day">Último aviso</h2>
      <${States} got=${notices} what="seus avisos" name="avisos">
        ${latest ? html`<ul class="list news card"><li class=${latest.read ? null : 'new'}><a href=${target(latest, open.data)}><${Disc} type=${latest.type} />
          <span class="grow"><span class="t">${latest.title}</span><span class="small mute"><br /><time datetime=${latest.at}>${ago(latest.at)}</time>${!latest.read && html`<span class="vh"> não lido</span>`}</span></span></a></li></ul>`
        : notices.data && html`<p class="mute">Nenhum aviso ainda.</p>`}
      </${States}>
    </section></div>`;
}
