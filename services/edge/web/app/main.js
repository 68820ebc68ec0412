// Starts the app: what is kept, the shell around each screen, the worker, the live events.
import { html, render, useEffect, useLayoutEffect, useState } from './html.js';
import * as store from './store.js';
import { announce, byId, set, state, toast, useChanges } from './state.js';
import { loadMenu, request } from './api.js';
import { followLinks, go, match, restore } from './router.js';
import { Icon, Logo } from './icons.js';
import { count, useZone } from './format.js';
import * as queue from './queue.js';
import * as live from './live.js';

const TABS = [
  ['/', 'home', 'Início'],
  ['/atendimentos', 'ticket', 'Atendimentos', 'tickets'],
  ['/contato', 'chat', 'Contato', 'contacts'],
  ['/avisos', 'bell', 'Avisos'],
];

function Tabs({ path }) {
  const root = `/${path.split('/')[1]}`;
  const { menu, unread } = state;
  const badge = unread ? html`<span class="vh"> ${count(unread, 'não lido', 'não lidos')}</span><span class="badge" aria-hidden="true">${unread > 99 ? '99+' : unread}</span>` : null;
  return html`<nav class="tabs" aria-label="Principal"><ul>
    ${TABS.filter(([, , , option]) => !option || menu?.includes(option)).map(([href, icon, name]) => html`<li key=${href}>
      <a href=${href} aria-current=${root === href ? 'page' : null}><span class="pad"><${Icon} name=${icon} /></span>${name}${href === '/avisos' && badge}</a></li>`)}
  </ul></nav>`;
}

function Top({ path }) {
  return html`<header class="top">
    <a class="brand" href="/"><${Logo} /><span class="slim">SAC Plus</span><span class="wide">SAC Web</span></a>
    <div class="end"><a class="round" href="/ajustes" aria-label="Ajustes" aria-current=${path === '/ajustes' ? 'page' : null}><${Icon} name="sliders" /></a></div>
  </header>`;
}

function Toast({ toast: shown }) {
  return html`<div class="toast"><span class="grow">${shown.href ? html`<a href=${shown.href}>${shown.text}</a>` : shown.text}</span>
    <button class="round" type="button" aria-label="Fechar aviso" onClick=${() => set({ toast: null })}><${Icon} name="close" /></button></div>`;
}

function Update({ worker }) {
  // other tabs go on as they are: somebody may be writing there
  const refresh = () => {
    // the one that waited was let in by another tab
    if (worker.state !== 'installed') return location.reload();
    navigator.serviceWorker.addEventListener('controllerchange', () => location.reload());
    return worker.postMessage('take over');
  };
  return html`<div class="note" role="status"><${Icon} name="info" /><p class="row wrap"><span class="grow">Há uma versão nova.</span>
    <button class="btn quiet" type="button" onClick=${refresh}>Atualizar</button></p></div>`;
}

function App() {
  useChanges();
  const [shown, show] = useState(null);
  useEffect(() => {
    let key = 0;
    const draw = ({ back }) => {
      const path = location.pathname;
      if (!state.session?.token && path !== '/entrar') {
        const to = path + location.search;
        return go(to === '/' ? '/entrar' : `/entrar?voltar=${encodeURIComponent(to)}`, { replace: true });
      }
      set({ toast: null, open: null });
      show({ ...match(), path, key: key += 1 });
      if (back) restore(back);
    };
    // for as long as the page is there
    addEventListener('sac:route', draw);
    addEventListener('sac:ended', draw);
    draw({});
  }, []);
  useLayoutEffect(() => { if (shown) document.body.className = shown.body || ''; }, [shown]);
  if (!shown) return null;
  const { screen, main, path, key } = shown;
  const inside = path !== '/entrar';
  return html`
    ${inside && html`<${Top} path=${path} /><${Tabs} path=${path} />`}
    <main id="conteudo" tabindex="-1" class=${main || null}>
      ${state.update && html`<${Update} worker=${state.update} />`}
      <${screen} key=${key} param=${shown.param} query=${shown.query} />
    </main>
    ${state.toast && html`<${Toast} toast=${state.toast} />`}`;
}

// the edge's own worker, and no other script
async function work() {
  if (!navigator.serviceWorker) return;
  const policy = window.trustedTypes?.createPolicy('sac', { createScriptURL: (url) => { if (url !== '/sw.js') throw new TypeError(url); return url; } });
  const controlled = navigator.serviceWorker.controller;
  const registration = await navigator.serviceWorker.register(policy ? policy.createScriptURL('/sw.js') : '/sw.js', { scope: '/' }).catch(() => null);
  const waiting = () => registration.waiting && controlled && set({ update: registration.waiting });
  if (!registration) return;
  waiting();
  registration.addEventListener('updatefound', () => registration.installing?.addEventListener('statechange', waiting));
  navigator.serviceWorker.addEventListener('message', ({ data }) => data.navigate && go(data.navigate));
}

async function configure() {
  try {
    const { data } = await request('/app/config.json', { cache: 'no-cache' });
    set({ config: data });
    useZone(data.timezone);
    await store.put('seen', 'config', data);
  } catch { /* as it was kept */ }
}

async function start() {
  const [session, config, menu] = await Promise.all([
    store.get('session', 'me'), store.get('seen', 'config'), store.get('seen', '/v1/menu'), queue.load(),
  ]);
  set({ session: session || null, config: config || {}, menu: menu?.data.options || null });
  useZone(state.config.timezone);
  const known = config ? (configure(), true) : configure();
  followLinks();
  if (!session?.token) await known;
  if (session?.token) loadMenu();
  render(html`<${App} />`, byId('app'));
  queue.start();
  live.start();
  work();
}

addEventListener('offline', () => { set({ online: false }); announce('Sem internet.'); });
addEventListener('online', () => { set({ online: true }); announce('Conexão de volta.'); });
addEventListener('beforeinstallprompt', (event) => { event.preventDefault(); set({ installer: event }); });
addEventListener('appinstalled', () => set({ installer: null }));
live.on(({ event, data }) => {
  if (event === 'menu' || event === 'refresh') loadMenu();
  if (event !== 'notification') return;
  set({ unread: state.unread + (data.read ? 0 : 1) });
  // news of the open ticket are said by its own screen
  if (data.protocol && data.protocol === state.open) return;
  const text = `Novo aviso: ${data.title}`;
  if (document.activeElement?.matches('input:not([type=radio]),textarea')) announce(text);
  else toast(text, { href: '/avisos' });
});
start();
