// What waits on this device: tried again, corrected or thrown away by who wrote it.
import { html, useState } from '../html.js';
import * as store from '../store.js';
import * as queue from '../queue.js';
import { byId, state } from '../state.js';
import { go } from '../router.js';
import { Icon } from '../icons.js';
import { Ask, Note, Proto, Stars, Title, useHeading, waiting } from '../parts.js';
import { when } from '../format.js';

function reason({ why }) {
  const [what, back] = why ? ['Nosso sistema está fora do ar por um momento', 'ele'] : ['Você está sem internet', 'a conexão'];
  return `${what}. Guardamos tudo neste aparelho e enviamos sozinho assim que ${back} voltar: uma vez só.`;
}

function Item({ item }) {
  const [busy, is] = useState(false);
  const [asks, ask] = useState(false);
  const contact = item.kind === 'contact';
  const what = contact ? 'contato' : 'avaliação';
  const refused = item.state === 'refused';
  const id = `q${item.key}`;
  const attempt = async () => {
    if (busy) return;
    is(true);
    const { href } = await queue.send(item.key);
    is(false);
    if (href) go(href, { replace: true });
  };
  const drop = async () => {
    await queue.drop(item.key);
    byId('t')?.focus();
  };
  const correct = async () => {
    const { sector_id, connection_id, text, href } = item.about;
    if (contact) await store.put('draft', state.session.sub, { sector_id, connection_id, text });
    await queue.drop(item.key);
    go(contact ? '/contato?passo=mensagem' : href);
  };
  const throwAway = html`<button class="btn bare" type="button" onClick=${() => ask(true)}>${`Descartar ${what}`}</button>`;
  return html`<section class="card stack" aria-labelledby=${id}>
    <div class="row"><h2 class="grow" id=${id}>${contact ? item.about.sector : html`Avaliação de <${Proto} of=${item.about.protocol} />`}</h2>
      <span class=${refused ? 'chip bad' : 'chip wait'}><${Icon} name=${refused ? 'alert' : 'clock'} />${refused ? 'Não enviado' : 'Na fila'}</span></div>
    ${refused && html`<${Note} kind="bad" icon="alert"><p><b>${contact ? 'Este contato não pôde ser enviado.' : 'Esta avaliação não pôde ser enviada.'}</b> ${item.detail}</p></${Note}>`}
    ${item.about.score && html`<p><${Stars} score=${item.about.score} /></p>`}
    ${item.about.text && html`<p class=${refused ? 'pre' : 'clamp'}>${item.about.text}</p>`}
    <p class="small mute">Escrito ${when(item.at).replace(/^[HO]/, (c) => c.toLowerCase())}.${contact && !refused ? ' Ainda sem protocolo: ele sai quando o contato chegar até nós.' : ''}</p>
    ${asks ? html`<${Ask} text=${`Descartar ${contact ? 'este contato' : 'esta avaliação'}? O texto será apagado.`} yes="Descartar" no="Manter" onYes=${drop} onNo=${() => ask(false)} />`
    : html`<div class="row wrap">${refused ? html`<button class="btn" type="button" onClick=${correct}>Corrigir e enviar</button>`
      : html`<button class="btn" type="button" aria-disabled=${busy ? 'true' : null} onClick=${attempt}>${busy ? 'Enviando…' : 'Tentar enviar agora'}</button>`}${throwAway}</div>`}
  </section>`;
}

export default function Fila({ query }) {
  const items = waiting();
  const first = items.find((one) => one.key === query.get('fila')) || items[0];
  const refused = first?.state === 'refused';
  const what = first?.kind === 'evaluation' ? 'Sua avaliação' : 'Seu contato';
  const heading = !first ? 'Nada na fila' : refused ? `${what} não foi ${first.kind === 'evaluation' ? 'enviada' : 'enviado'}` : `${what} está na fila`;
  useHeading('Na fila', heading);
  return html`<div class="loose"><div><span class=${first ? 'seal wait' : 'seal'}><${Icon} name=${first ? 'clock' : 'check'} /></span><${Title}>${heading}</${Title}>
    <p class="mute">${!first ? 'Tudo o que você escreveu já foi enviado ou descartado.' : refused ? 'Nada foi perdido: veja o motivo e corrija o que falta.' : reason(first)}</p></div>
    ${items.map((one) => html`<${Item} key=${one.key} item=${one} />`)}
    <p class="acts"><a class=${first ? 'btn quiet full' : 'btn full'} href="/">Voltar para Início</a></p></div>`;
}
