// What several screens are made of: headings, states that help, the protocol, stars, summaries of errors.
import { html, useEffect, useLayoutEffect, useRef, useState } from './html.js';
import { Icon } from './icons.js';
import { announce, byId, state } from './state.js';
import { SCORES, clock, count } from './format.js';

let first = true;

// the title at once, then the heading: `key` names the screen or step, `wrong` says that something is to be mended
export function useHeading(title, key, wrong) {
  useLayoutEffect(() => {
    document.title = `${wrong ? 'Erro: ' : state.unread ? `(${state.unread}) ` : ''}${title} · SAC Plus`;
  });
  useLayoutEffect(() => {
    if (!first) {
      scrollTo(0, 0);
      byId('t')?.focus({ preventScroll: true });
    }
    first = false;
  }, [key]);
}

export const Head = ({ back, label = 'Voltar', children }) => html`<div class="head">
  ${back && html`<a class="round back" href=${back} aria-label=${label}><${Icon} name="back" /></a>`}${children}</div>`;

export const Title = ({ children }) => html`<h1 id="t" tabindex="-1">${children}</h1>`;

// only what takes longer than 150 ms is announced as loading
export function Loading({ what }) {
  const [late, is] = useState(false);
  useEffect(() => { const timer = setTimeout(() => is(true), 150); return () => clearTimeout(timer); }, []);
  return late ? html`<div class="card" aria-busy="true"><span class="vh">Carregando ${what}…</span><span class="sk w7"></span><span class="sk w9"></span><span class="sk w4"></span></div>` : null;
}

export const Note = ({ kind = '', icon = 'info', role, children }) =>
  html`<div class=${`note ${kind}`} role=${role}><${Icon} name=${icon} /><div class="tight">${children}</div></div>`;

export const Offline = ({ at }) => html`<${Note} kind="wait" icon="offline" role="status"><p><b>Você está sem internet.</b> ${at
  ? `Mostrando o que foi visto às ${clock(at)}. Atualiza sozinho quando a conexão voltar.`
  : 'Esta tela abre quando a conexão voltar.'}</p></${Note}>`;

export function Failed({ what, error, again }) {
  return html`<${Note} kind="bad" icon="alert" role="alert"><p>${error.status === 429
    ? html`<b>Muitas tentativas.</b> Tente de novo em ${count(error.retryAfter || 30, 'segundo')}.`
    : html`<b>Não deu para carregar ${what}.</b> O problema é nosso, não seu. Nada foi perdido.`}</p>
    <p><button class="btn quiet" type="button" onClick=${again}>Tentar de novo</button></p></${Note}>`;
}

function Result({ title, heading, text, icon = 'info', children }) {
  useHeading(title, heading);
  return html`<div class="loose"><div><span class="seal done"><${Icon} name=${icon} /></span><${Title}>${heading}</${Title}><p class="mute">${text}</p></div>
    ${children}<div class="acts stack"><a class="btn full" href="/">Voltar para Início</a></div></div>`;
}

export const Forbidden = () => html`<${Result} title="Opção indisponível" heading="Esta opção não está disponível" text="Seu provedor não oferece esta opção no momento." />`;
export const Lost = ({ heading = 'Página não encontrada', text = 'Confira o endereço ou volte para o Início.', children }) =>
  html`<${Result} title="Não encontrado" heading=${heading} text=${text}>${children}</${Result}>`;

// the states of whatever was read that need no screen of their own
export function States({ got, what, name, children }) {
  if (got.error) {
    if (got.error.offline) return html`<${Offline} />`;
    if (got.error.status === 401) return null;
    return html`<${Failed} what=${what} error=${got.error} again=${got.again} />`;
  }
  if (!got.data) return html`<${Loading} what=${name} />`;
  return html`${got.stale && html`<${Offline} at=${got.at} />`}${children}`;
}

export const Proto = ({ of, big }) => html`<span class=${big ? 'proto big' : 'proto'}><span>${of.slice(0, 8)}</span><wbr /><span>${of.slice(8)}</span></span>`;

export function Copy({ protocol }) {
  const copy = async () => {
    try { await navigator.clipboard.writeText(protocol); } catch {
      getSelection().selectAllChildren(document.querySelector('.proto.big'));
      if (!document.execCommand('copy')) return;
    }
    announce('Protocolo copiado');
  };
  return html`<button class="round" type="button" aria-label="Copiar protocolo" onClick=${copy}><${Icon} name="copy" /></button>`;
}

export const Stars = ({ score }) => html`<span class="mini" role="img" aria-label=${`Nota ${score} de 5`}>${[1, 2, 3, 4, 5].map((n) => html`<${Icon} name="star" on=${n <= score} />`)}</span> <span class="small">${SCORES[score]}</span>`;

export function Chip({ ticket }) {
  const closed = ticket.status === 'closed';
  const visit = !closed && /visita/i.test(ticket.phase || '');
  const name = closed ? 'Encerrado' : ticket.phase || 'Aberto';
  return html`<span class=${`chip ${closed ? 'done' : visit ? 'wait' : ''}`}><${Icon} name=${closed ? 'check' : visit ? 'calendar' : 'clock'} />${name}</span>`;
}

// `wrong` is a list of [id of the field, or none, text]; `tries` makes it take the focus anew
export function Errors({ wrong, tries }) {
  const box = useRef();
  useEffect(() => { if (wrong.length) box.current.focus(); }, [tries]);
  if (!wrong.length) return null;
  const to = (id) => (event) => { event.preventDefault(); byId(id).focus(); };
  return html`<div class="errors" role="alert" tabindex="-1" aria-labelledby="eh" ref=${box}>
    <h2 id="eh">${!wrong[0][0] ? wrong[0][1] : wrong.length === 1 ? 'Falta uma coisa' : `Faltam ${wrong.length} coisas`}</h2>
    ${wrong[0][0] && html`<ul>${wrong.map(([id, text]) => html`<li key=${id}><a href=${`#${id}`} onClick=${to(id)}>${text}</a></li>`)}</ul>`}</div>`;
}

export const Wrong = ({ id, text }) => (text ? html`<p class="err" id=${id}><${Icon} name="alert" />${text}</p>` : null);

// how much room is left, said aloud where it becomes little
export function Room({ left, children }) {
  const before = useRef(left);
  useEffect(() => {
    const passed = [200, 50, 0].find((mark) => before.current > mark && left <= mark);
    if (passed !== undefined) announce(count(Math.max(left, 0), 'caractere restante', 'caracteres restantes'));
    before.current = left;
  }, [left]);
  return html`<p class="under"><span>${children}</span><span id="mr" class="num">${left < 0
    ? count(-left, 'caractere a mais', 'caracteres a mais') : count(left, 'caractere restante', 'caracteres restantes')}</span></p>`;
}

// a question in place, answered by two buttons; the safe one has the focus
export function Ask({ text, yes, no, onYes, onNo }) {
  const safe = useRef();
  useEffect(() => { safe.current.focus(); }, []);
  return html`<div class="ask tight" role="group" aria-label=${text}><p>${text}</p><p class="row wrap">
    <button class="btn quiet" type="button" onClick=${onYes}>${yes}</button>
    <button class="btn bare" type="button" ref=${safe} onClick=${onNo}>${no}</button></p></div>`;
}

export const waiting = () => state.queue.filter((one) => one.sub === state.session?.sub && one.state !== 'sent');
