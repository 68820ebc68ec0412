// A contact that was sent: its protocol, and what happens now.
import { html, useEffect, useState } from '../html.js';
import * as store from '../store.js';
import { call } from '../api.js';
import { state } from '../state.js';
import { Icon } from '../icons.js';
import { Copy, Forbidden, Lost, Note, Proto, Title, useHeading } from '../parts.js';
import { PushCard } from '../push.js';
import { useLive } from '../uselive.js';

const AT_AN_END = ['emailed', 'refused'];

function Next({ sector, ticket }) {
  const to = sector ? `O setor ${sector}` : 'O setor';
  return html`<section class="stack" aria-labelledby="n"><h2 id="n">O que acontece agora</h2><ol class="next">
    <li>Você recebe um e-mail confirmando este contato.</li><li>${to} analisa o que você contou.</li>
    <li>${ticket ? 'Avisamos aqui quando houver novidade.' : 'A resposta vem por e-mail.'}</li></ol></section>`;
}

function Install() {
  const { installer } = state;
  const [asked, was] = useState(true);
  useEffect(() => { store.get('seen', 'flag:install').then((known) => { was(Boolean(known)); if (installer) store.put('seen', 'flag:install', true); }); }, []);
  return installer && !asked ? html`<button class="btn quiet full" type="button" onClick=${() => installer.prompt()}>Instalar o app</button>` : null;
}

export default function Enviado({ query }) {
  const id = query.get('enviado');
  const [contact, put] = useState(null);
  const [late, is] = useState(false);
  const [lost, fail] = useState(0);
  useHeading('Contato enviado', id);
  const look = async (kept) => {
    try {
      const { data } = await call(kept.location);
      const now = { ...kept, ...data };
      await store.put('seen', `contact:${id}`, now);
      put(now);
    } catch (problem) { if ([403, 404].includes(problem.status)) fail(problem.status); }
  };
  useEffect(() => { store.get('seen', `contact:${id}`).then((kept) => {
    const known = kept || { location: `/v1/contacts/${encodeURIComponent(id)}` };
    if (kept) put(kept);
    if (!kept?.protocol) look(known);
  }); }, [id]);
  const open = contact && !contact.protocol && !AT_AN_END.includes(contact.state);
  useEffect(() => {
    if (!open) return;
    const until = setTimeout(() => { clearInterval(every); is(true); }, 30000);
    const every = setInterval(() => look(contact), 2000);
    return () => { clearTimeout(until); clearInterval(every); };
  }, [open]);
  useLive(() => { if (open) look(contact); });
  if (lost === 403) return html`<${Forbidden} />`;
  if (lost) return html`<${Lost} />`;
  const { protocol, sector, connection, state: stage } = contact || {};
  const emailed = stage === 'emailed';
  return html`<div class="loose">
    <div><span class="seal"><${Icon} name="check" /></span><${Title}>Contato enviado</${Title}>
      ${protocol && html`<p class="mute">Anote ou copie o protocolo. Ele também está em Atendimentos.</p>`}
      ${emailed && html`<p class="mute">${sector ? `Seu contato chegou ao setor ${sector}.` : 'Seu contato chegou ao setor.'} A resposta vem por e-mail, sem protocolo.</p>`}</div>
    ${protocol && html`<section class="stub" aria-label="Protocolo"><div><span class="small mute">Protocolo</span><div class="row"><span class="grow"><${Proto} big of=${protocol} /></span><${Copy} protocol=${protocol} /></div></div>
      ${sector && html`<div class="tear"></div><div><dl class="facts two"><div><dt>Setor</dt><dd>${sector}</dd></div>${connection && html`<div><dt>Conexão</dt><dd>${connection}</dd></div>`}</dl></div>`}</section>`}
    ${stage === 'refused' && html`<${Note} kind="bad" icon="alert" role="alert"><p><b>Este contato não pôde ser enviado.</b> Escreva de novo ou fale com o provedor por outro meio.</p></${Note}>`}
    ${open && html`<${Note} kind="wait" icon="clock" role="status"><p>${late ? 'Está demorando mais que o normal. Seu contato está guardado e o protocolo chega em Avisos.'
      : html`<b>Recebemos seu contato.</b> O protocolo sai em instantes e aparece aqui.`}</p></${Note}>`}
    ${stage !== 'refused' && html`<${Next} sector=${sector} ticket=${!emailed} />`}
    <${PushCard} once />
    <div class="acts stack">${protocol && html`<a class="btn full" href=${`/atendimentos/${protocol}`}>Acompanhar atendimento</a>`}
      <a class=${protocol ? 'btn quiet full' : 'btn full'} href="/">Voltar para Início</a><${Install} /></div></div>`;
}
