// Addresses and the screens that they show.
import Ajustes from './screens/ajustes.js';
import Atendimento from './screens/atendimento.js';
import Atendimentos from './screens/atendimentos.js';
import Avaliar from './screens/avaliar.js';
import Avisos from './screens/avisos.js';
import Contato from './screens/contato.js';
import Entrar from './screens/entrar.js';
import Enviado from './screens/enviado.js';
import Fila from './screens/fila.js';
import Inicio from './screens/inicio.js';
import { Lost } from './parts.js';

// pattern, screen, class of its main, class of its body
const ROUTES = [
  [/^\/$/, () => Inicio, 'split stack', 'deep'],
  [/^\/entrar$/, () => Entrar, '', 'gate'],
  [/^\/atendimentos$/, () => Atendimentos],
  [/^\/atendimentos\/([^/]+)$/, () => Atendimento, 'split'],
  [/^\/contato$/, (query) => (query.has('enviado') ? Enviado : query.has('fila') ? Fila : Contato)],
  [/^\/avaliar\/([^/]+)$/, () => Avaliar],
  [/^\/avisos$/, () => Avisos],
  [/^\/ajustes$/, () => Ajustes],
  [/()/, () => Lost],
];

export const isOurs = (path) => ROUTES.slice(0, -1).some(([pattern]) => pattern.test(path));

export function match() {
  const query = new URLSearchParams(location.search);
  const [pattern, screen, main, body] = ROUTES.find(([one]) => one.test(location.pathname));
  return { screen: screen(query), main, body, param: decodeURIComponent(pattern.exec(location.pathname)[1] || ''), query };
}

// where one was, so that "back" finds it
function remember() {
  const link = document.activeElement?.closest?.('a[href]')?.getAttribute('href');
  history.replaceState({ ...history.state, y: scrollY, link }, '');
}

export function go(to, { replace } = {}) {
  if (replace) history.replaceState(null, '', to);
  else {
    remember();
    history.pushState(null, '', to);
  }
  dispatchEvent(new Event('sac:route'));
}

let coming;

export function followLinks() {
  history.scrollRestoration = 'manual';
  // whoever goes on themselves is left where they are
  for (const act of ['sac:route', 'pointerdown', 'keydown', 'wheel']) addEventListener(act, () => clearTimeout(coming));
  addEventListener('click', (event) => {
    const link = event.target.closest?.('a[href]');
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (link.target || link.origin !== location.origin || !isOurs(link.pathname) || link.getAttribute('href')[0] === '#') return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
  addEventListener('popstate', (event) => dispatchEvent(Object.assign(new Event('sac:route'), { back: event.state || {} })));
}

// after "back": the place and the link that was left, as soon as the screen has them
export function restore({ y = 0, link }) {
  const until = Date.now() + 10000;
  const attempt = () => {
    const found = link && document.querySelector(`a[href="${CSS.escape(link)}"]`);
    if ((document.documentElement.scrollHeight >= y + innerHeight && (found || !link)) || Date.now() > until) {
      scrollTo(0, y);
      found?.focus({ preventScroll: true });
    } else coming = setTimeout(attempt, 50);
  };
  // not on the screen that one comes from
  coming = setTimeout(attempt);
}
