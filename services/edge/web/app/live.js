// The edge's events, as they happen: a stream read with the bearer token, or reading anew where there is none.
import { state } from './state.js';
import { ended } from './api.js';

const SILENCE = 40000;
const listeners = new Set();
let running = null;
let last = '';
let hide, poll, cut, hurry;

export function on(one) {
  listeners.add(one);
  return () => listeners.delete(one);
}
const emit = (event, data) => listeners.forEach((one) => one({ event, data }));

function parse(block) {
  const found = { event: 'message', data: '' };
  for (const line of block.split('\n')) {
    const [, name, value] = /^(\w+): ?(.*)$/.exec(line) || [];
    if (name === 'data') found.data += value;
    else if (name === 'event') found.event = value;
    else if (name === 'id') last = value;
  }
  if (found.data) emit(found.event, JSON.parse(found.data));
}

async function listen(stop, session) {
  const headers = { Accept: 'text/event-stream', Authorization: `Bearer ${session.token}`, ...(last && { 'Last-Event-ID': last }) };
  let silent;
  // the edge writes every 15 s at least: what is silent for longer is lost, whatever the phone thinks
  const wake = () => {
    clearTimeout(silent);
    silent = setTimeout(() => stop.abort(), SILENCE);
  };
  wake();
  const answer = await fetch('/v1/live', { headers, signal: stop.signal, cache: 'no-store' });
  if (answer.status === 401) return ended(session);
  if (!answer.ok) return;
  clearInterval(poll);
  poll = 0;
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ''; ;) {
    const { value, done } = await reader.read();
    if (done) return;
    wake();
    const blocks = (text + value).replaceAll('\r', '').split('\n\n');
    text = blocks.pop();
    blocks.forEach(parse);
  }
}

const refresh = () => document.visibilityState === 'visible' && navigator.onLine && emit('refresh');

async function run(whole, session) {
  for (let wait = 1; !whole.signal.aborted;) {
    const began = Date.now();
    const stop = new AbortController();
    cut = () => stop.abort();
    whole.signal.addEventListener('abort', cut);
    await listen(stop, session).catch(() => {});
    if (whole.signal.aborted || state.session !== session) return;
    // without a stream: read anew now and then
    poll ||= setInterval(refresh, 30000);
    if (Date.now() - began > 5000) {
      wait = 1;
      if (!last) refresh();
    }
    await new Promise((resolve) => {
      hurry = resolve;
      setTimeout(resolve, wait * 1000 * (0.5 + Math.random() / 2));
    });
    wait = Math.min(wait * 2, 30);
  }
}

export function halt() {
  running?.abort();
  running = null;
  clearInterval(poll);
  poll = 0;
}

function begin() {
  if (running || !state.session?.token) return;
  running = new AbortController();
  run(running, state.session);
}

export function start() {
  document.addEventListener('visibilitychange', () => {
    clearTimeout(hide);
    if (document.visibilityState === 'hidden') hide = setTimeout(halt, 60000);
    else {
      emit('refresh');
      begin();
    }
  });
  addEventListener('offline', () => cut?.());
  addEventListener('online', () => hurry?.());
  addEventListener('sac:ended', halt);
  addEventListener('sac:entered', () => { last = ''; halt(); begin(); });
  begin();
}
