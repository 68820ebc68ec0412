// What the customer sent and the server hasn't got yet: kept on this device, sent by itself, once.
import * as store from './store.js';
import { set, state, toast } from './state.js';
import { call } from './api.js';
import { go } from './router.js';

const AFTER = [5, 15, 60, 300];
let timer;

// every tab of this browser shows the same queue, and one that showed what another sent shows what came of it
const tabs = new BroadcastChannel('sac-queue');
tabs.onmessage = async ({ data: { key, href, left } }) => {
  // whoever leaves does so in all of them
  if (left) return location.reload();
  await show();
  if (key && location.search === `?fila=${key}`) go(href, { replace: true });
};

async function show() {
  set({ queue: (await store.all('queue')).sort((a, b) => a.at - b.at) });
}

export async function load(sent = {}) {
  await show();
  tabs.postMessage(sent);
}

async function keep(item) {
  await store.put('queue', item.key, item);
  await load();
}

export async function drop(key) {
  await alone(() => store.remove('queue', key));
  await load();
}

// one sends at a time, in all tabs of this browser
const alone = (work) => (navigator.locks ? navigator.locks.request('sac-queue', work) : work());

export async function add({ kind, path, body, about }) {
  const key = crypto.randomUUID();
  await keep({ key, sub: state.session.sub, kind, path, body: JSON.stringify(body), about, at: Date.now(), state: 'waiting', tries: 0, due: 0 });
  return key;
}

// what became of it now: {answer, href} where that is shown, or {item}, which is still here
export async function send(key) {
  const result = await alone(() => attempt(key));
  await load(result.href && { key, href: result.href });
  plan();
  return result;
}

async function attempt(key) {
  const item = await store.get('queue', key);
  if (!item || item.state !== 'waiting' || item.sub !== state.session?.sub) return { item };
  try {
    const headers = item.kind === 'contact' ? { 'Idempotency-Key': item.key, Prefer: 'wait=3' } : {};
    const answer = await call(item.path, { method: 'POST', body: item.body, headers });
    await (item.kind === 'contact' ? accepted(item, answer) : store.remove('queue', key));
    return { answer, href: item.kind === 'contact' ? `/contato?enviado=${answer.data.contact_id}` : item.about.href };
  } catch (problem) {
    if (problem.status === undefined) throw problem;
    // not put back after they took everything along
    if (item.sub !== state.session?.sub) return { problem };
    const stays = problem.offline || problem.ours || problem.status === 429 || problem.status === 401;
    const wait = Math.max(problem.retryAfter, AFTER[Math.min(item.tries, AFTER.length - 1)]);
    const after = stays
      ? { tries: item.tries + 1, due: problem.status === 401 ? 0 : Date.now() + wait * 1000, why: problem.status }
      : { state: 'refused', why: problem.status, detail: problem.body.errors?.[0]?.message || problem.message };
    const left = { ...item, ...after };
    await store.put('queue', key, left);
    return { item: left, problem };
  }
}

// kept until it was seen as received; what its screen needs stays beside it
async function accepted(item, { data, headers }) {
  const location = headers.get('Location') || `/v1/contacts/${data.contact_id}`;
  await store.put('seen', `contact:${data.contact_id}`, { ...item.about, location, ...data });
  if (data.state === 'queued') await store.put('queue', item.key, { ...item, state: 'sent', location, contact_id: data.contact_id });
  else await store.remove('queue', item.key);
}

async function look(item) {
  const { data } = await call(item.location);
  if (data.state !== 'queued') await store.remove('queue', item.key);
}

export async function flush({ now } = {}) {
  if (!state.session?.token || !navigator.onLine) return;
  const mine = (await store.all('queue')).filter((one) => one.sub === state.session?.sub);
  for (const item of mine.sort((a, b) => a.at - b.at)) {
    if (item.state === 'sent') await look(item).catch(() => {});
    if (item.state === 'waiting' && (now || item.due <= Date.now())) {
      const { answer, href } = await send(item.key);
      if (href) announceSent(item, answer.data, href);
    }
  }
  await load();
  plan();
}

function announceSent(item, data, href) {
  if (item.kind !== 'contact') return toast('Avaliação enviada.', { href, keep: true });
  if (location.search === `?fila=${item.key}`) return go(href, { replace: true });
  return toast(`Contato enviado.${data.protocol ? ` Protocolo ${data.protocol}` : ''}`, { href, keep: true });
}

function plan() {
  clearTimeout(timer);
  const due = state.queue.filter((one) => one.state === 'waiting' && one.sub === state.session?.sub).map((one) => one.due);
  if (due.length) timer = setTimeout(flush, Math.max(Math.min(...due) - Date.now(), 1000));
}

export async function start() {
  addEventListener('online', () => flush({ now: true }));
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && flush());
  addEventListener('sac:entered', () => flush({ now: true }));
  await flush({ now: true });
}
