// Writing to a sector in two or three steps; what is typed is kept at every key.
import { html, useEffect, useRef, useState } from '../html.js';
import * as store from '../store.js';
import * as queue from '../queue.js';
import { channel, state } from '../state.js';
import { useRead } from '../api.js';
import { go } from '../router.js';
import { Icon } from '../icons.js';
import { Errors, Forbidden, Head, Loading, Note, Room, States, Title, Wrong, useHeading } from '../parts.js';
import { number, size } from '../format.js';

const at = (step) => `/contato?passo=${step}`;

function Steps({ steps, step, form, draft, save }) {
  const n = steps.indexOf(step);
  const title = `Contato, passo ${n + 1} de ${steps.length}`;
  const [wrong, mark] = useState([]);
  const [tries, again] = useState(0);
  useHeading(title, step, wrong.length > 0);
  useEffect(() => mark([]), [step]);
  const refuse = (errors) => { mark(errors); again(tries + 1); };
  const Step = step === 'mensagem' ? Message : Choice;
  return html`<${Head} back=${n ? at(steps[n - 1]) : '/'} label=${n ? 'Voltar' : 'Voltar para Início'}><p class="grow mute">${title}</p></${Head}>
    <div class="steps" aria-hidden="true">${steps.map((_, i) => html`<i class=${i <= n ? 'on' : null}></i>`)}</div>
    <${Step} key=${step} ...${{ step, steps, form, draft, save, wrong, tries, refuse, next: steps[n + 1] }} />`;
}

const CHOICES = {
  conexao: ['Sobre qual conexão é o contato?', 'Escolha a conexão', 'connection_id', (form) => form.connections.map((one) => [one.connection_id, one.label])],
  setor: ['Com qual setor você quer falar?', 'Escolha o setor', 'sector_id', (form) => form.sectors.map((one) => [one.sector_id, one.name])],
};

function Choice({ step, form, draft, save, wrong, tries, refuse, next }) {
  const [question, missing, field, options] = CHOICES[step];
  const chosen = draft[field];
  const list = options(form);
  const submit = (event) => {
    event.preventDefault();
    if (list.some(([id]) => id === chosen)) go(at(next));
    else refuse([['o0', missing]]);
  };
  if (!list.length) return html`<${Title}>${question}</${Title}><p class="mute">Nenhum setor recebe contatos agora.</p><p class="acts"><a class="btn quiet full" href="/">Voltar para Início</a></p>`;
  return html`<form class="loose" novalidate onSubmit=${submit}><${Errors} wrong=${wrong} tries=${tries} />
    <fieldset aria-describedby=${wrong.length ? 'oe' : null}><legend><${Title}>${question}</${Title}></legend><${Wrong} id="oe" text=${wrong[0]?.[1]} />
      <div class="pick">${list.map(([id, name], i) => html`<label class="opt" key=${id}><input type="radio" id=${`o${i}`} name=${field} value=${id} checked=${id === chosen} onChange=${() => save({ [field]: id })} /><span><b>${name}</b></span></label>`)}</div></fieldset>
    <div class="acts"><button class="btn full" type="submit">Continuar</button></div></form>`;
}

function Message({ steps, form, draft, save, wrong, tries, refuse }) {
  const text = draft.text || '';
  const sending = useRef(false);
  const [busy, is] = useState(false);
  const left = form.max_length - size(text.trim());
  const sector = form.sectors.find((one) => one.sector_id === draft.sector_id);
  const connection = form.connections.find((one) => one.connection_id === draft.connection_id) || (form.connections.length === 1 ? form.connections[0] : null);

  async function submit(event) {
    event.preventDefault();
    if (sending.current) return;
    const over = size(text.trim()) - form.max_length;
    if (!text.trim()) return refuse([['m', 'Escreva o motivo do contato']]);
    if (over > 0) return refuse([['m', `O texto passou de ${number(form.max_length)} caracteres: tire ${number(over)}`]]);
    sending.current = true;
    is(true);
    const about = { sector: sector.name, connection: connection?.label, text, sector_id: sector.sector_id, connection_id: connection?.connection_id };
    const body = { sector_id: sector.sector_id, connection_id: connection?.connection_id, text, channel: channel() };
    const key = await queue.add({ kind: 'contact', path: '/v1/contacts', body, about });
    await store.remove('draft', state.session.sub);
    const { href, problem, item } = await queue.send(key);
    if (problem?.status === 401) return;
    if (href) return go(href, { replace: true });
    if (!item || item.state === 'waiting') return go(`/contato?fila=${key}`, { replace: true });
    // refused now: the text comes back, with the reason
    await queue.drop(key);
    await save({ text, sector_id: about.sector_id, connection_id: about.connection_id });
    sending.current = false;
    is(false);
    return refuse([['m', item.detail || 'Este contato não pôde ser enviado']]);
  }

  const row = (term, what, step) => html`<div><dt>${term}</dt><dd>${what}</dd><dd>${steps.includes(step) && html`<a class="btn bare" href=${at(step)}>Alterar<span class="vh"> ${term.toLowerCase()}</span></a>`}</dd></div>`;
  return html`<form class="loose" novalidate onSubmit=${submit}><${Errors} wrong=${wrong} tries=${tries} />
    <${Title}>O que está acontecendo?</${Title}>
    <dl class="card sum">${connection && row('Conexão', connection.label, 'conexao')}${row('Setor', sector.name, 'setor')}</dl>
    <div class="field"><label for="m">Motivo do contato</label><span class="hint" id="mh">Conte desde quando acontece e o que você já tentou.</span>
      <${Wrong} id="me" text=${wrong[0]?.[1]} />
      <textarea class="in" id="m" name="text" required aria-invalid=${wrong.length ? 'true' : null} aria-describedby=${wrong.length ? 'mh me mr' : 'mh mr'} value=${text} onInput=${(event) => save({ text: event.target.value })}></textarea>
      <${Room} left=${left}>${draft.kept && text ? 'Rascunho guardado' : ''}</${Room}></div>
    <div class="acts"><button class="btn full" type="submit" aria-disabled=${busy ? 'true' : null}><${Icon} name="send" />${busy ? 'Enviando…' : 'Enviar'}</button></div></form>`;
}

export default function Contato({ query }) {
  const got = useRead('/v1/contact-form');
  const [draft, put] = useState(null);
  const { sub } = state.session || {};
  useEffect(() => { store.get('draft', sub).then((kept) => put({ ...kept, kept: Boolean(kept) })); }, []);
  const newest = useRef();
  const save = async (changes) => {
    newest.current = { ...(newest.current || draft), ...changes };
    const { kept, ...mine } = newest.current;
    put({ ...mine, kept: false });
    await store.put('draft', sub, mine);
    put((now) => ({ ...now, kept: true }));
  };
  const form = got.data;
  const ready = form && draft;
  const steps = form && (form.connections.length > 1 ? ['conexao', 'setor', 'mensagem'] : ['setor', 'mensagem']);
  const asked = query.get('passo');
  const has = { conexao: () => true, setor: () => steps[0] === 'setor' || form.connections.some((one) => one.connection_id === draft.connection_id) };
  has.mensagem = () => has.setor() && form.sectors.some((one) => one.sector_id === draft.sector_id);
  const allowed = ready && steps.filter((one) => has[one]());
  const step = ready && (allowed.includes(asked) ? asked : asked ? allowed.at(-1) : steps[0]);
  useEffect(() => { if (step && step !== asked) history.replaceState(null, '', at(step)); }, [step]);
  if (got.error?.status === 403) return html`<${Forbidden} />`;
  if (!ready) return html`<${Waiting} got=${got} />`;
  return html`${got.stale && html`<${Note} kind="wait" icon="offline" role="status"><p><b>Você está sem internet.</b> Pode escrever: enviamos sozinho quando a conexão voltar.</p></${Note}>`}
    <${Steps} ...${{ steps, step, form, draft, save }} />`;
}

function Waiting({ got }) {
  useHeading('Contato', 'waiting');
  return html`<${Head} back="/" label="Voltar para Início"><${Title}>Contato</${Title}></${Head}>
    ${got.data ? html`<${Loading} what="contato" />` : html`<${States} got=${got} what="o formulário de contato" name="contato" />`}`;
}
