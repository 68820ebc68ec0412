// How we reach the customer: push, Telegram, quiet hours, devices; and the way out.
import { html, useEffect, useRef, useState } from '../html.js';
import * as store from '../store.js';
import { call, useRead } from '../api.js';
import { announce, byId, set, state } from '../state.js';
import { go } from '../router.js';
import { load } from '../queue.js';
import { Icon } from '../icons.js';
import { Ask, Failed, Head, Loading, Note, Offline, Title, useHeading, waiting } from '../parts.js';
import { count, date } from '../format.js';
import { denied, needsInstalling, supported, unsubscribe } from '../push.js';

const PREFERENCES = '/v1/preferences';
const LINK = '/v1/telegram/link';
const QUIET = { from: '22:00', to: '07:00' };
const FAILED = 'Não deu para salvar. Tente de novo.';
const NO_NET = 'Sem internet: isto muda quando a conexão voltar.';

const NotSaved = () => html`<p class="err" role="alert"><${Icon} name="alert" />${FAILED}</p>`;

function Switch({ id, name, children, checked, disabled, onChange }) {
  return html`<label class="sw"><span><b id=${`w${id}`}>${name}</b><span class="small mute" id=${`x${id}`}><br />${children}</span></span>
    <input type="checkbox" role="switch" aria-labelledby=${`w${id}`} aria-describedby=${`x${id}`} checked=${checked} disabled=${disabled} onChange=${(event) => onChange(event.target.checked)} /></label>`;
}

function onDevices(devices, mine) {
  if (!devices) return 'Onde os avisos foram ativados';
  const others = devices.filter((one) => one.id !== mine).length;
  const more = `em ${count(others, 'outro aparelho', 'outros aparelhos')}`;
  if (!devices.length) return 'Nenhum aparelho ainda: ative em Avisos';
  if (others === devices.length) return more.replace('e', 'E');
  return others ? `Neste e ${more}` : 'Neste aparelho';
}

function Telegram({ link, change, linked, offline }) {
  const [failed, fail] = useState(false);
  const [asking, ask] = useState(false);
  useEffect(() => {
    if (!asking) return;
    const until = Date.now() + 120000;
    const timer = setInterval(async () => {
      const found = await link.again();
      if (found?.data?.linked) announce('Telegram vinculado');
      if (found?.data?.linked || Date.now() > until) ask(false);
    }, 3000);
    return () => clearInterval(timer);
  }, [asking]);
  const bind = async () => {
    // opened at the press itself: later the browser would not let us
    const tab = window.open('', '_blank');
    try {
      const { data } = await call(LINK, { method: 'POST' });
      if (tab) { tab.opener = null; tab.location = data.url; } else location.assign(data.url);
      ask(true);
      fail(false);
    } catch { tab?.close(); fail(true); }
  };
  const loosen = async () => {
    try {
      await call(LINK, { method: 'DELETE' });
      await link.again();
      announce('Telegram desvinculado');
      fail(false);
    } catch { fail(true); }
  };
  return html`<div>${failed && html`<${NotSaved} />`}
    ${asking && html`<p class="small mute" role="status">Toque em Iniciar no Telegram e volte aqui.</p>`}
    ${linked ? html`<button class="btn bare" type="button" disabled=${offline} onClick=${loosen}>Desvincular Telegram</button>`
    : html`<button class="btn bare" type="button" disabled=${offline} onClick=${bind}>Vincular Telegram</button>`}</div>`;
}

function Reach({ preferences, link, devices, mine, save, offline }) {
  const given = preferences.data;
  const blocked = denied();
  const has = link.data;
  if (!given) return null;
  const channels = (changes) => save({ ...given, channels: { ...given.channels, ...changes } });
  const why = offline && NO_NET;
  return html`<section class="tight" aria-labelledby="a1"><h2 id="a1">Como avisamos você</h2><div class="card set">
    <${Switch} id="1" name="Avisos no celular" checked=${given.channels.push && !blocked} disabled=${blocked || offline} onChange=${(push) => channels({ push })}>${why || (blocked ? 'Bloqueados neste navegador' : onDevices(devices, mine))}</${Switch}>
    ${has && html`<${Switch} id="2" name="Telegram" checked=${given.channels.telegram && has.linked} disabled=${!has.linked || offline} onChange=${(telegram) => channels({ telegram })}>${why || (has.linked ? 'Vinculado' : 'Ainda não vinculado')}</${Switch}>
      <${Telegram} link=${link} linked=${has.linked} offline=${offline} />`}</div>
    ${blocked && html`<${Note} kind="wait" icon="bell"><p>Os avisos estão bloqueados neste navegador. Libere nas permissões do site.</p></${Note}>`}
    ${!supported() && needsInstalling() && html`<${Note} icon="phone"><p>Instale o app na tela de início para receber avisos.</p></${Note}>`}
    <p class="small mute">Confirmações de contato e pedidos de avaliação sempre ficam em Avisos.</p></section>`;
}

function Quiet({ given, save, offline }) {
  const hours = given.quiet_hours;
  const kept = useRef(QUIET);
  if (hours) kept.current = hours;
  const time = (id, name, field) => html`<div class="field"><label for=${id}>${name}</label><input class="in num" id=${id} type="time" required value=${hours[field]} disabled=${offline}
    onChange=${(event) => event.target.value && save({ ...given, quiet_hours: { ...hours, [field]: event.target.value } })} /></div>`;
  return html`<section class="tight" aria-labelledby="a2"><h2 id="a2">Horário de silêncio</h2><div class="card set">
    <${Switch} id="3" name="Não incomodar" checked=${Boolean(hours)} disabled=${offline} onChange=${(on) => save({ ...given, quiet_hours: on ? kept.current : null })}>${offline ? NO_NET : 'Os avisos chegam quando o horário termina'}</${Switch}>
    ${hours && html`<div class="hours">${time('f', 'Das', 'from')}${time('g', 'Às', 'to')}</div>`}</div></section>`;
}

function Devices({ got, mine, offline }) {
  const [failed, fail] = useState(false);
  const list = useRef();
  const items = got.data.items;
  const drop = async (one, n) => {
    try {
      await call(`/v1/devices/${one.id}`, { method: 'DELETE' });
      await got.again();
      announce('Aparelho removido');
      fail(false);
      (list.current?.querySelectorAll('button')[n] || byId('a3')).focus();
    } catch { fail(true); }
  };
  return html`<section class="tight" aria-labelledby="a3"><h2 id="a3" tabindex="-1">Aparelhos</h2>
    ${failed && html`<${NotSaved} />`}
    ${items.length ? html`<ul class="list card set" ref=${list}>${items.map((one, n) => { const here = one.id === mine; const name = here ? 'Este aparelho' : one.label || 'Aparelho';
      return html`<li class="row" key=${one.id}><span class="grow"><b>${name}</b><span class="small mute"><br />Desde ${date(one.registered_at)}</span></span>
        <button class="btn bare" type="button" disabled=${offline} onClick=${() => drop(one, n)}>Remover<span class="vh"> ${name}</span></button></li>`; })}</ul>`
    : html`<p class="mute">Nenhum aparelho recebe avisos ainda.</p>`}</section>`;
}

async function leave() {
  await Promise.race([unsubscribe().catch(() => {}), new Promise((resolve) => { setTimeout(resolve, 2000); })]);
  // first, so that nothing that is under way is kept after the wipe
  set({ session: null, menu: null, unread: 0 });
  await store.wipe();
  await load({ left: true });
  dispatchEvent(new Event('sac:ended'));
  go('/entrar', { replace: true });
}

function Leave() {
  const { installer } = state;
  const [asks, ask] = useState(false);
  const button = useRef();
  const n = waiting().length;
  const stay = () => { ask(false); setTimeout(() => button.current.focus()); };
  const text = `Há ${count(n, 'contato')} na fila. Se você sair, ${n === 1 ? 'ele não será enviado' : 'eles não serão enviados'}.`;
  return html`<div class="acts stack">${installer && html`<button class="btn quiet full" type="button" onClick=${() => installer.prompt()}>Instalar o app</button>`}
    ${asks ? html`<${Ask} text=${text} yes="Sair mesmo assim" no="Ficar" onYes=${leave} onNo=${stay} />`
    : html`<button class="btn quiet full" type="button" ref=${button} onClick=${() => (n ? ask(true) : leave())}><${Icon} name="leave" />Sair</button>`}</div>`;
}

export default function Ajustes() {
  const { online, config } = state;
  const preferences = useRead(PREFERENCES);
  const devices = useRead('/v1/devices');
  const link = useRead(config.telegram && LINK);
  const [mine, know] = useState(null);
  const [changed, change] = useState(null);
  const [failed, fail] = useState('');
  useHeading('Ajustes', 'ajustes');
  useEffect(() => { store.get('seen', 'flag:device').then(know); }, []);
  const given = changed || preferences.data;
  const offline = !online || preferences.stale;
  const now = useRef({}).current;
  // one after the other: what the newest comes to is shown
  const save = (body) => {
    change(body);
    fail('');
    const mine = now.last = Promise.resolve(now.last).then(async () => {
      let why = '';
      try {
        const { data } = await call(PREFERENCES, { method: 'PUT', body });
        now.held = data;
        store.put('seen', PREFERENCES, { data, at: Date.now() });
      } catch (problem) {
        why = problem.status === 422 && problem.body.errors?.[0]?.message || FAILED;
      }
      if (mine !== now.last) return;
      // what held before holds, and is shown, where it was refused
      change({ ...(now.held || preferences.data) });
      fail(why);
      if (!why) announce('Salvo');
    });
  };
  const error = preferences.error && !preferences.error.offline && preferences.error;
  return html`<${Head}><${Title}>Ajustes</${Title}></${Head}><div class="loose">
    ${offline && html`<${Offline} at=${preferences.at} />`}
    ${failed && html`<${Note} kind="bad" icon="alert" role="alert"><p>${failed}</p></${Note}>`}
    ${error && html`<${Failed} what="seus ajustes" error=${error} again=${preferences.again} />`}
    ${!given && !preferences.error && html`<${Loading} what="ajustes" />`}
    <${Reach} preferences=${{ data: given }} link=${link} devices=${devices.data?.items} mine=${mine} save=${save} offline=${offline} />
    ${given && html`<${Quiet} given=${given} save=${save} offline=${offline} />`}
    ${devices.data && html`<${Devices} got=${devices} mine=${mine} offline=${offline} />`}
    <${Leave} /></div>`;
}
