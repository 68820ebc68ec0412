// Push on this device: asked for by our own card first, the browser's prompt only at a press.
import { html, useEffect, useState } from './html.js';
import * as store from './store.js';
import { call } from './api.js';
import { announce, byId, state } from './state.js';
import { Icon } from './icons.js';
import { bytes } from './format.js';

const REST = 30 * 864e5;

export const supported = () => 'PushManager' in window && 'Notification' in window && Boolean(navigator.serviceWorker);
export const needsInstalling = () => /iPhone|iPad/.test(navigator.userAgent) && !matchMedia('(display-mode: standalone)').matches;
export const denied = () => 'Notification' in window && Notification.permission === 'denied';

async function key() {
  if ('push_public_key' in state.config) return state.config.push_public_key;
  return (await call('/v1/devices/key')).data.public_key;
}

const named = (names) => names.find((name) => navigator.userAgent.includes(name)) || '';

export async function subscribe(publicKey) {
  if ((await Notification.requestPermission()) !== 'granted') return false;
  const worker = await navigator.serviceWorker.ready;
  const options = { userVisibleOnly: true, applicationServerKey: bytes(publicKey) };
  const subscription = (await worker.pushManager.getSubscription()) || (await worker.pushManager.subscribe(options));
  const { endpoint, keys } = subscription.toJSON();
  const label = `${named(['Edg', 'Firefox', 'Chrome', 'Safari']).replace('Edg', 'Edge') || 'Navegador'} no ${named(['iPhone', 'iPad', 'Android', 'Windows', 'Mac', 'Linux']) || 'aparelho'}`;
  const { data } = await call('/v1/devices', { method: 'POST', body: { kind: 'web_push', endpoint, keys, label } });
  await store.put('seen', 'flag:device', data.id);
  return true;
}

// whoever leaves takes their notices along
export async function unsubscribe() {
  const id = await store.get('seen', 'flag:device');
  if (id) await call(`/v1/devices/${id}`, { method: 'DELETE' }).catch(() => {});
  const worker = await navigator.serviceWorker?.getRegistration();
  await (await worker?.pushManager?.getSubscription())?.unsubscribe();
}

export function PushCard({ once }) {
  const [publicKey, offer] = useState(null);
  const [failed, fail] = useState(false);
  const rest = once ? 'flag:push-once' : 'flag:push';
  useEffect(() => { (async () => {
    if (!supported() || needsInstalling() || Notification.permission !== 'default') return;
    const [asked, refused] = await Promise.all([store.get('seen', rest), store.get('seen', 'flag:push')]);
    if ((once && asked) || Date.now() - (refused || 0) < REST) return;
    const found = await key().catch(() => null);
    if (once && found) store.put('seen', rest, Date.now());
    offer(found);
  })(); }, []);
  if (!publicKey) return null;
  const done = () => { offer(null); byId('t')?.focus(); };
  const accept = async () => {
    try {
      announce((await subscribe(publicKey)) ? 'Avisos ativados' : 'Os avisos continuam desligados.');
      done();
    } catch { fail(true); }
  };
  const later = async () => { await store.put('seen', 'flag:push', Date.now()); done(); };
  return html`<section class="note good" aria-labelledby="pu"><${Icon} name="phone" /><div class="tight"><h2 id="pu">Saber na hora, com o app fechado</h2>
    <p>Avisamos quando seu atendimento andar. Só isso, sem propaganda.</p>
    ${failed && html`<p role="alert"><b>Não deu para ativar. Tente de novo.</b></p>`}
    <p class="row wrap"><button class=${once ? 'btn quiet' : 'btn'} type="button" onClick=${accept}>Ativar avisos</button><button class="btn bare" type="button" onClick=${later}>Agora não</button></p></div></section>`;
}
