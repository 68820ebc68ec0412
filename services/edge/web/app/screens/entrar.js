// Logging in at the provider's token issuer; what was written before stays.
import { html, useState } from '../html.js';
import * as store from '../store.js';
import { set, state } from '../state.js';
import { loadMenu, request } from '../api.js';
import { go, isOurs } from '../router.js';
import { Fibre, Icon, Logo } from '../icons.js';
import { Errors, Note, Title, Wrong, useHeading } from '../parts.js';
import { bytes, count } from '../format.js';

const BAD = 'CPF, e-mail ou senha não conferem';
const AWAY = 'Não foi possível falar com o servidor de acesso. Tente de novo.';

async function enter(username, password) {
  const issuer = state.config.issuer;
  if (!issuer) throw new Error('no issuer');
  const { data } = await request(`${issuer}/token`, { method: 'POST', body: new URLSearchParams({ username, password }), credentials: 'omit' });
  // the claims of a token that the edge will check; here they only name whose it is
  const { sub, name } = JSON.parse(new TextDecoder().decode(bytes(data.access_token.split('.')[1])));
  if (state.session?.sub !== sub) await store.clear('seen');
  await store.put('seen', 'config', state.config);
  const session = { token: data.access_token, sub, name };
  await store.put('session', 'me', session);
  set({ session, menu: null, unread: 0 });
}

export default function Entrar({ query }) {
  const [wrong, mark] = useState([]);
  const [tries, again] = useState(0);
  const [busy, is] = useState(false);
  const [seen, show] = useState(false);
  useHeading('Entrar', 'entrar', wrong.length > 0);

  async function submit(event) {
    event.preventDefault();
    if (busy) return;
    const { username, password } = Object.fromEntries(new FormData(event.target));
    const missing = [!username.trim() && ['u', 'Digite seu CPF ou e-mail'], !password && ['p', 'Digite sua senha']].filter(Boolean);
    mark(missing);
    again(tries + 1);
    if (missing.length) return;
    is(true);
    try {
      await enter(username.trim(), password);
    } catch (error) {
      const text = error.status === 429 ? `Muitas tentativas. Tente de novo em ${count(error.retryAfter || 30, 'segundo')}.`
        : [400, 401, 403, 422].includes(error.status) ? BAD : AWAY;
      mark([['', text]]);
      again(tries + 2);
      is(false);
      return;
    }
    await loadMenu();
    dispatchEvent(new Event('sac:entered'));
    const back = query.get('voltar') || '/';
    go(/^\/(?![/\\])/.test(back) && isOurs(back.split('?')[0]) && !back.startsWith('/entrar') ? back : '/', { replace: true });
  }

  const error = (id) => wrong.find(([at]) => at === id)?.[1];
  const about = (id) => ({ 'aria-invalid': error(id) ? 'true' : null, 'aria-describedby': error(id) ? `${id}e` : null });
  return html`
    <div class="hero"><${Fibre} /><span class="brand"><${Logo} />SAC Plus</span><${Title}>Sua internet, bem atendida.</${Title}></div>
    <form class="card over loose" aria-label="Entrar" novalidate onSubmit=${submit}>
      ${state.session?.ended && html`<${Note} kind="wait" icon="clock" role="status"><p>Sua sessão terminou. Entre de novo para continuar: nada do que você escreveu foi perdido.</p></${Note}>`}
      <${Errors} wrong=${wrong} tries=${tries} />
      <div class="field"><label for="u">CPF ou e-mail</label><${Wrong} id="ue" text=${error('u')} />
        <input class="in" id="u" name="username" autocomplete="username" autocapitalize="none" spellcheck="false" required ...${about('u')} /></div>
      <div class="field"><label for="p">Senha</label><${Wrong} id="pe" text=${error('p')} />
        <div class="peek"><input class="in" id="p" name="password" type=${seen ? 'text' : 'password'} autocomplete="current-password" required ...${about('p')} />
        <button class="round" type="button" aria-label="Mostrar senha" aria-pressed=${String(seen)} onClick=${() => show(!seen)}><${Icon} name="eye" /></button></div></div>
      <button class="btn full" type="submit" aria-disabled=${busy ? 'true' : null}>${busy ? 'Entrando…' : 'Entrar'}</button>
      <p class="small mute">É a mesma senha da sua área do cliente.</p>
    </form>`;
}
