// Rating a closed ticket: five stars and a word, or why there is nothing to rate any more.
import { html, useEffect, useRef, useState } from '../html.js';
import * as queue from '../queue.js';
import { read, useRead } from '../api.js';
import { go } from '../router.js';
import { byId, state } from '../state.js';
import { Icon } from '../icons.js';
import { Errors, Forbidden, Head, Lost, Proto, Room, Stars, States, Title, Wrong, useHeading } from '../parts.js';
import { SCORES, count, dayAndMonth, since, size } from '../format.js';

const MAX = 2000;
const REQUIRED = 'Obrigatório para notas de 1 a 4: é assim que sabemos o que melhorar.';
const OVER = { 'evaluation-expired': 'expired', 'evaluation-withdrawn': 'withdrawn' };

const Closed = ({ of }) => html`<p class="mute">Protocolo <${Proto} of=${of.protocol} />${of.closed_at && `, encerrado ${since(of.closed_at, true)}`}</p>`;
const lasted = ({ closed_at: from, expires_at: to }) => Math.max(1, Math.round((new Date(to) - new Date(from)) / 864e5));

// `end` is what became of it
const ENDS = {
  sent: () => ['Avaliação enviada', 'Obrigado pela sua avaliação', 'Ela já está com a equipe que atendeu você.', 'check', ''],
  queued: () => ['Avaliação enviada', 'Avaliação recebida', 'Ela será registrada em instantes. Não precisa enviar de novo.', 'clock', 'wait'],
  answered: () => ['Você já avaliou', 'Você já avaliou este atendimento', 'A primeira resposta é a que vale.', 'check', 'done'],
  expired: (of) => ['Avaliação expirada', 'Esta avaliação expirou', of.expires_at ? `O prazo era de ${count(lasted(of), 'dia')} e terminou em ${dayAndMonth(of.expires_at)}. Nada foi registrado.` : 'O prazo terminou. Nada foi registrado.', 'clock', 'done'],
  withdrawn: () => ['Avaliação retirada', 'Este pedido de avaliação foi retirado', 'O atendimento foi reaberto. Quando terminar, perguntamos de novo.', 'reopen', 'done'],
};

function End({ end, of, complaint }) {
  const { menu } = state;
  const [title, heading, text, icon, kind] = ENDS[end](of);
  useHeading(title, heading);
  const writes = end === 'expired' && menu?.includes('contacts');
  const newest = end === 'withdrawn' && of.newest;
  return html`<div class="loose"><div><span class=${`seal ${kind}`}><${Icon} name=${icon} /></span><${Title}>${heading}</${Title}><p class="mute">${text}</p></div>
    ${of.score ? html`<section class="card stack" aria-label="Sua avaliação"><p><${Stars} score=${of.score} /></p>${of.comment && html`<p class="pre">“${of.comment}”</p>`}${of.protocol && html`<${Closed} of=${of} />`}</section>`
    : of.protocol && html`<section class="card stack" aria-label="Atendimento">${complaint && html`<p><b>${complaint}</b></p>`}<p class="mute">Protocolo <${Proto} of=${of.protocol} /></p></section>`}
    ${writes && html`<p>Se algo ainda não ficou bem, conte para nós.</p>`}
    <div class="acts stack">${newest && html`<a class="btn full" href=${`/avaliar/${newest.split('/').pop()}`}>Avaliar o atendimento atual</a>`}
      ${writes && html`<a class="btn full" href="/contato">Entrar em contato</a>`}
      <a class=${writes || newest ? 'btn quiet full' : 'btn full'} href="/">Voltar para Início</a></div></div>`;
}

function Form({ id, of, complaint, finish }) {
  const [score, choose] = useState(0);
  const [comment, write] = useState('');
  const [wrong, mark] = useState([]);
  const [tries, again] = useState(0);
  const [busy, is] = useState(false);
  const sending = useRef(false);
  useHeading('Avaliar atendimento', id, wrong.length > 0);

  function check() {
    const over = size(comment.trim()) - MAX;
    return [!score && ['s1', 'Escolha uma nota de 1 a 5'],
      score !== 5 && !comment.trim() && (score || comment) && ['m', 'Conte em poucas palavras o motivo da nota'],
      over > 0 && ['m', `O texto passou de 2.000 caracteres: tire ${over}`]].filter(Boolean);
  }

  async function submit(event) {
    event.preventDefault();
    if (sending.current) return;
    const found = check();
    mark(found);
    again(tries + 1);
    if (found.length) return;
    sending.current = true;
    is(true);
    const given = { score, comment: comment.trim() || undefined };
    const about = { protocol: of.protocol, score, text: given.comment, href: `/avaliar/${id}` };
    const key = await queue.add({ kind: 'evaluation', path: `/v1/evaluations/${id}`, body: given, about });
    const { answer, problem, item } = await queue.send(key);
    if (answer) return finish(answer.status === 202 ? 'queued' : 'sent', given);
    if (problem?.status === 401) return;
    if (!item || item.state === 'waiting') return go(`/contato?fila=${key}`, { replace: true });
    await queue.drop(key);
    sending.current = false;
    is(false);
    if ([409, 410, 404].includes(problem.status)) return finish(problem.status === 404 ? 'lost' : OVER[problem.body.type?.split(':').pop()] || (problem.status === 409 ? 'answered' : 'expired'), problem.body.newest ? { newest: problem.body.newest } : {});
    mark([['m', item.detail || 'Esta avaliação não pôde ser enviada']]);
    again(tries + 2);
  }

  const error = (at) => wrong.find(([field]) => field === at)?.[1];
  return html`<${Head} back="/" label="Voltar para Início"><${Title}>Avaliar atendimento</${Title}></${Head}>
    <form class="loose" novalidate onSubmit=${submit}><${Errors} wrong=${wrong} tries=${tries} />
      <div class="card">${complaint && html`<p class="say"><b>${complaint}</b></p>`}<${Closed} of=${of} /></div>
      <fieldset aria-describedby=${error('s1') ? 'se' : null}><legend class="lab">Que nota você dá ao atendimento?</legend><${Wrong} id="se" text=${error('s1')} />
        <div class="rate" onKeyDown=${(event) => /^[1-5]$/.test(event.key) && (choose(Number(event.key)), byId(`s${event.key}`).focus())}>${[1, 2, 3, 4, 5].map((n) => html`<label key=${n}><input type="radio" id=${`s${n}`} name="score" value=${n} checked=${score === n} onChange=${() => choose(n)} /><${Icon} name="star" /><b>${n}</b> ${SCORES[n]}</label>`)}</div></fieldset>
      <div class="field"><label for="m">Comentário</label><span class="hint" id="mh">${score === 5 ? 'Opcional para nota 5.' : REQUIRED}</span><${Wrong} id="me" text=${error('m')} />
        <textarea class="in" id="m" name="comment" aria-invalid=${error('m') ? 'true' : null} aria-describedby=${error('m') ? 'mh me mr' : 'mh mr'} value=${comment} onInput=${(event) => write(event.target.value)}></textarea>
        <${Room} left=${MAX - size(comment.trim())} /></div>
      <div class="acts"><button class="btn full" type="submit" aria-disabled=${busy ? 'true' : null}>${busy ? 'Enviando…' : 'Enviar Feedback'}</button></div></form>`;
}

function Reading({ got }) {
  useHeading('Avaliar atendimento', 'reading');
  return html`<${Head} back="/" label="Voltar para Início"><${Title}>Avaliar atendimento</${Title}></${Head}><${States} got=${got} what="esta avaliação" name="avaliação" />`;
}

export default function Avaliar({ param: id }) {
  const got = useRead(`/v1/evaluations/${encodeURIComponent(id)}`);
  const [over, finish] = useState(null);
  const [complaint, know] = useState('');
  const of = got.data;
  useEffect(() => { if (of) read(`/v1/tickets/${of.protocol}`).then(({ data }) => know(data.complaint), () => {}); }, [of?.protocol]);
  const status = got.error?.status;
  if (status === 403) return html`<${Forbidden} />`;
  if (status === 404 || status === 422 || over?.end === 'lost') return html`<${Lost} heading="Avaliação não encontrada" />`;
  if (!of) return html`<${Reading} got=${got} />`;
  const end = over?.end || (of.state !== 'open' && of.state);
  if (end) return html`<${End} end=${end} of=${{ ...of, ...over?.more }} complaint=${complaint} />`;
  return html`<${Form} id=${id} of=${of} complaint=${complaint} finish=${(what, more) => finish({ end: what, more })} />`;
}
