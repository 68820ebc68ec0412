// The worker: the shell without a connection, and push. Nothing of /v1/ and nothing of the issuer is ever kept.
const HASH = '{{hash}}';
const FILES = ['/', {{files}}];
const CACHE = `sac-${HASH}`;
const SHELL = /^\/(entrar|atendimentos(\/[^/]+)?|contato|avaliar\/[^/]+|avisos|ajustes)?$/;

async function fill() {
  const cache = await caches.open(CACHE);
  await Promise.all(FILES.map(async (file) => {
    const answer = await fetch(file, { cache: 'no-cache', credentials: 'omit' });
    // another release may answer while ours is rolled out: then not now
    if (!answer.ok || answer.headers.get('X-App-Version') !== HASH) throw new Error(file);
    await cache.put(file, answer);
  }));
}

async function tidy() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith('sac-') && name !== CACHE).map((name) => caches.delete(name)));
  await clients.claim();
}

async function kept(request, path) {
  const cache = await caches.open(CACHE);
  return (await cache.match(path)) || fetch(request);
}

addEventListener('install', (event) => event.waitUntil(fill()));
addEventListener('activate', (event) => event.waitUntil(tidy()));
addEventListener('message', ({ data }) => data === 'take over' && skipWaiting());

addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== location.origin) return;
  if (request.mode === 'navigate' && SHELL.test(url.pathname)) event.respondWith(kept(request, '/'));
  else if (FILES.includes(url.pathname) && url.pathname !== '/') event.respondWith(kept(request, url.pathname));
});

addEventListener('push', (event) => {
  let given = {};
  try { given = event.data.json().notification || {}; } catch { /* shown all the same: the browser wants it so */ }
  const { title = 'SAC Plus', body = 'Há uma novidade para você.', tag, lang = 'pt-BR', navigate = '/avisos' } = given;
  event.waitUntil(registration.showNotification(title, { body, tag, lang, icon: `/app/${HASH}/icons/192.png`, badge: `/app/${HASH}/icons/192.png`, data: { navigate } }));
});

async function lead(to) {
  const url = new URL(to, location.origin);
  const target = url.origin === location.origin ? url : new URL('/avisos', location.origin);
  const [open] = await clients.matchAll({ type: 'window' });
  if (!open) return clients.openWindow(target.href);
  await open.focus();
  return open.postMessage({ navigate: target.pathname + target.search });
}

addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(lead(event.notification.data.navigate));
});
