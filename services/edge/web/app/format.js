// Dates, numbers and counts, as people read them in Brazil and in the provider's time zone.
const MONTHS = 'jan fev mar abr mai jun jul ago set out nov dez'.split(' ');
const DAYS = 'Dom. Seg. Ter. Qua. Qui. Sex. Sáb.'.split(' ');
let zone = 'America/Sao_Paulo';
export const useZone = (name) => { zone = name || zone; };

function parts(at) {
  const options = { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: '2-digit', minute: '2-digit' };
  const p = Object.fromEntries(new Intl.DateTimeFormat('en-US', options).formatToParts(new Date(at)).map((x) => [x.type, x.value]));
  const serial = Date.UTC(p.year, p.month - 1, p.day) / 864e5;
  return { ...p, serial, clock: `${p.hour}:${p.minute}`, month: MONTHS[p.month - 1] };
}

const age = (p) => parts(Date.now()).serial - p.serial;
const near = (p) => ['Hoje', 'Ontem'][age(p)];

export const clock = (at) => parts(at).clock;
export const full = (at) => `${date(at)}, ${clock(at)}`;
export const date = (at) => { const p = parts(at); return `${p.day} ${p.month} ${p.year}`; };
export const dayAndMonth = (at) => new Intl.DateTimeFormat('pt-BR', { timeZone: zone, day: 'numeric', month: 'long' }).format(new Date(at));
export const when = (at) => { const p = parts(at); return near(p) ? `${near(p)}, ${p.clock}` : full(at); };
export const heading = (at) => { const p = parts(at); return near(p) || (p.year === parts(Date.now()).year ? `${p.day} ${p.month}` : date(at)); };
export const since = (at, withClock) => {
  const p = parts(at);
  const day = near(p)?.toLowerCase() || `em ${date(at)}`;
  return withClock ? `${day} às ${p.clock}` : day;
};
export const slot = (at) => { const p = parts(at); return `${DAYS[new Date(p.serial * 864e5).getUTCDay()]}, ${p.day} ${p.month}, ${p.clock}`; };
export const ago = (at) => {
  const minutes = Math.floor((Date.now() - new Date(at)) / 6e4);
  if (minutes < 1) return 'Agora';
  if (minutes < 60) return `Há ${count(minutes, 'minuto')}`;
  return minutes < 720 ? `Há ${count(Math.floor(minutes / 60), 'hora')}` : when(at);
};
export const hourNow = () => Number(parts(Date.now()).hour);
export const number = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, '.');
export const count = (n, one, many = `${one}s`) => `${number(n)} ${n === 1 ? one : many}`;
export const size = (text) => [...text].length;
// base64url, as tokens and keys are written
export const bytes = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
export const SCORES = ['', 'Péssimo', 'Ruim', 'Regular', 'Bom', 'Ótimo'];
