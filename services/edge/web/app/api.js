// Asks the edge and the issuer: bearer token, time-outs, problems, the end of a session, what was seen before.
import { useEffect, useState } from './html.js';
import * as store from './store.js';
import { set, state } from './state.js';

const LONGEST = 10000;

// status 0: nothing answered, there is no connection as far as anybody here can know; -1: no answer came in time
export const problem = (status, body = {}, retryAfter = 0) =>
  Object.assign(new Error(body.detail || ''), { status, body, retryAfter, offline: !status, ours: status >= 500 || status < 0 });

export async function request(url, options = {}) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), LONGEST);
  let answer, text;
  try {
    answer = await fetch(url, { cache: 'no-store', ...options, signal: stop.signal });
    text = await answer.text();
  } catch {
    throw problem(stop.signal.aborted ? -1 : 0);
  } finally {
    clearTimeout(timer);
  }
  let data = null;
  try { data = text && JSON.parse(text); } catch { /* a proxy's page instead of an answer */ }
  if (!answer.ok && answer.status !== 304) {
    throw problem(answer.status, data || {}, Number(answer.headers.get('Retry-After')) || 0);
  }
  if (answer.status === 200 && data === null) throw problem(502);
  return { status: answer.status, data, headers: answer.headers };
}

export async function call(path, { method = 'GET', body, headers = {} } = {}) {
  const { session } = state;
  if (!session?.token) throw problem(401);
  try {
    return await request(path, {
      method, body: typeof body === 'object' ? JSON.stringify(body) : body,
      headers: { Accept: 'application/json', Authorization: `Bearer ${session.token}`, ...(body && { 'Content-Type': 'application/json' }), ...headers },
    });
  } catch (error) {
    if (error.status === 401) await ended(session);
    throw error;
  } finally {
    // whoever asked has left meanwhile: nothing of theirs comes back here
    if (state.session?.sub !== session.sub) throw problem(401);
  }
}

// the token ran out: what was written and what waits stays, the way back is kept
export async function ended(session) {
  if (state.session !== session) return;
  const left = { sub: session.sub, ended: true };
  // at once: other answers that say the same end nothing anew, and the login keeps what is typed
  set({ session: left });
  dispatchEvent(new Event('sac:ended'));
  await store.end(session, left);
}

// the newest answer, or the last one seen where there is no connection
export async function read(address, { etag } = {}) {
  try {
    const answer = await call(address, { headers: etag ? { 'If-None-Match': etag } : {} });
    if (answer.status === 304) return { unchanged: true };
    const seen = { data: answer.data, at: Date.now(), etag: answer.headers.get('ETag') };
    await store.put('seen', address, seen);
    return seen;
  } catch (error) {
    const kept = error.offline && (await store.get('seen', address));
    if (kept) return { ...kept, stale: true };
    if (error.status === 404) await store.remove('seen', address);
    if (error.status === 403 && address !== '/v1/menu') loadMenu();
    throw error;
  }
}

export async function loadMenu() {
  try {
    const { data } = await read('/v1/menu');
    set({ menu: data.options });
  } catch { /* what was known of it stays */ }
}

// null while nothing is known yet; `again` reads anew and keeps what is shown until then
export function useRead(address, deps = []) {
  const [got, put] = useState({});
  const again = async () => {
    try {
      const found = await read(address, { etag: got.address === address && !got.stale && got.etag });
      if (!found.unchanged) put({ ...found, address });
      return found;
    } catch (error) {
      put((now) => (now.data && now.address === address && (error.ours || error.offline) ? { ...now, stale: error.offline } : { error, address }));
      return { error };
    }
  };
  useEffect(() => { if (address) again(); }, [address, ...deps]);
  useEffect(() => {
    const back = () => (got.stale || got.error?.offline) && again();
    addEventListener('online', back);
    // a phone says that it is online before anything can be reached
    const tries = setInterval(back, LONGEST);
    return () => { clearInterval(tries); removeEventListener('online', back); };
  });
  return { ...(got.address === address && got), again };
}
