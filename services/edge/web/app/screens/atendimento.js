// One ticket: the slip with its protocol, and what happened so far, newest first, as it happens.
import { html, useEffect, useRef } from '../html.js';
import { useRead } from '../api.js';
import { announce, set } from '../state.js';
import { Icon } from '../icons.js';
import { Chip, Copy, Forbidden, Head, Lost, Proto, Stars, States, Title, useHeading } from '../parts.js';
import { full, slot, when } from '../format.js';
import { Disc } from '../notices.js';
import { useLive } from '../uselive.js';

// the API's text, but for what the structure shows better: the appointment below it, the stars
function titled(entry) {
  if (entry.scheduled_for) return 'Visita técnica marcada';
  if (entry.score) return 'Você avaliou';
  const text = entry.text.replace(/\.$/, '');
  return entry.type === 'phase_changed' ? text.replace(/^Fase: /, '') : text;
}

const Entry = ({ of, now }) => html`<li class=${now ? 'now' : null}><${Disc} type=${of.type} />
    <p class="t">${titled(of)}</p><p class="small mute num"><time datetime=${of.at}>${when(of.at)}</time></p>
    ${of.scheduled_for && html`<p class="slot"><${Icon} name="clock" /><time datetime=${of.scheduled_for}>${slot(of.scheduled_for)}</time></p>`}
    ${of.score && html`<p><${Stars} score=${of.score} /></p>`}
    ${of.comment && html`<p class="small pre">“${of.comment}”</p>`}</li>`;

export default function Atendimento({ param }) {
  const got = useRead(`/v1/tickets/${encodeURIComponent(param)}`);
  const open = useRead('/v1/evaluations');
  const known = useRef(null);
  useHeading(`Protocolo ${param}`, param);
  // until the next screen is shown
  useEffect(() => set({ open: param }), [param]);
  useLive(({ event, data }) => {
    if (event !== 'refresh' && data?.protocol !== param) return;
    got.again();
    open.again();
  });
  const timeline = got.data?.timeline;
  useEffect(() => {
    if (!timeline) return;
    if (known.current !== null && timeline.length > known.current) announce(`Novidade neste atendimento: ${titled(timeline.at(-1))}`);
    known.current = timeline.length;
  }, [timeline]);
  if (got.error?.status === 403) return html`<${Forbidden} />`;
  if (got.error?.status === 404) return html`<${Lost} heading="Atendimento não encontrado" text="Confira o número ou volte para a lista."><p class="acts"><a class="btn quiet full" href="/atendimentos">Voltar para Atendimentos</a></p></${Lost}>`;
  const ticket = got.data;
  const closed = ticket?.status === 'closed';
  const rate = ticket && (ticket.evaluation_id || open.data?.find((one) => one.protocol === param)?.evaluation_id);
  return html`<${Head} back=${closed ? '/atendimentos?situacao=encerrados' : '/atendimentos'} label="Voltar para Atendimentos"><${Title}>Atendimento</${Title}></${Head}>
    <${States} got=${got} what="este atendimento" name="atendimento">${ticket && html`<div class="cols flip stack">
      <div class="stack side"><section class="stub" aria-label="Dados do atendimento">
        <div><span class="small mute">Protocolo</span><div class="row"><span class="grow"><${Proto} big of=${ticket.protocol} /></span><${Copy} protocol=${ticket.protocol} /></div><${Chip} ticket=${ticket} /></div>
        <div class="tear"></div>
        <div><dl class="facts two"><div class="all"><dt>Reclamação</dt><dd class="pre">${ticket.complaint || '—'}</dd></div>
          <div><dt>Abertura</dt><dd class="num"><time datetime=${ticket.opened_at}>${full(ticket.opened_at)}</time></dd></div>
          <div><dt>Defeito constatado</dt><dd>${ticket.defect_found || '—'}</dd></div></dl></div></section>
        ${rate && html`<p><a class="btn full" href=${`/avaliar/${rate}`}>Avaliar atendimento</a></p>`}</div>
      <section class="loose" aria-labelledby="h"><h2 id="h">Andamento</h2>
        <ol class="line" reversed>${timeline.slice().reverse().map((one, n) => html`<${Entry} key=${`${one.at}${one.type}${one.text}`} of=${one} now=${!n && !closed} />`)}</ol></section>
    </div>`}</${States}>`;
}
