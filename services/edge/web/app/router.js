// Addresses and screens: each screen is a module, loaded when it is first needed.
import * as Entrar from './screens/entrar.js';
import * as Inicio from './screens/inicio.js';

const ROUTES = [
  [/^\/$/, async () => Inicio],
  [/^\/entrar$/, async () => Entrar],
  [/^\/atendimentos$/, () => import('./screens/atendimentos.js')],
  [/^\/atendimentos\/([^/]+)$/, () => import('./screens/atendimento.js')],
  [/^\/contato$/, (query) => {
    if (query.has('enviado')) return import('./screens/enviado.js');
    return query.has('fila') ? import('./screens/fila.js') : import('./screens/contato.js');
  }],
  [/^\/avaliar\/([^/]+)$/, () => import('./screens/avaliar.js')],
  [/^\/avisos$/, () => import('./screens/avisos.js')],
  [/^\/ajustes$/, () => import('./screens/ajustes.js')],
];

export const isOurs = (path) => ROUTES.some(([pattern]) => pattern.test(path));

export function match() {
  const query = new URLSearchParams(location.search);
  for (const [pattern, load] of ROUTES) {
    const found = pattern.exec(location.pathname);
    if (found) return { load: () => load(query), param: found[1] && decodeURIComponent(found[1]), query };
  }
  return { load: () => import('./screens/perdido.js'), query };
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

export function followLinks() {
  history.scrollRestoration = 'manual';
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
export function restore({ y, link }) {
  const until = Date.now() + 2000;
  const attempt = () => {
    const found = link && document.querySelector(`a[href="${CSS.escape(link)}"]`);
    if ((document.documentElement.scrollHeight >= y + innerHeight && (found || !link)) || Date.now() > until) {
      scrollTo(0, y || 0);
      found?.focus({ preventScroll: true });
    } else setTimeout(attempt, 50);
  };
  attempt();
}
