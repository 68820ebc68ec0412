// Lists that come page by page: as things happen, all that is shown is read anew.
import { html, useEffect, useRef, useState } from './html.js';
import { call, useRead } from './api.js';
import { Failed } from './parts.js';

export function usePages(address, id) {
  const got = useRead(address);
  const [rest, put] = useState({ items: [], turned: 0 });
  const [failed, fail] = useState(null);
  const now = useRef({}).current;
  const first = got.data?.items || [];
  const known = new Set(first.map((one) => one[id]));
  const items = [...first, ...rest.items.filter((one) => !known.has(one[id]))];
  const cursor = rest.turned ? rest.cursor : got.data?.next_cursor;
  Object.assign(now, { items, rest });
  // so many pages more, from a cursor on
  const walk = async (all, at, pages) => {
    for (let n = 0; n < pages && at; n += 1) {
      const { data } = await call(`${address}${'?&'[+address.includes('?')]}cursor=${encodeURIComponent(at)}`);
      all = [...all, ...data.items];
      at = data.next_cursor;
    }
    return { items: all, cursor: at };
  };
  const show = async () => {
    fail(null);
    try {
      const next = await walk([], cursor, 1);
      now.fresh = now.items.length;
      now.run = {};
      put({ ...next, items: [...now.items, ...next.items], turned: now.rest.turned + 1 });
    } catch (error) { fail(error); }
  };
  // what was shown stays until all of it is there anew: on any page something may have come, changed or gone
  const again = async () => {
    const mine = (now.run = {});
    const { data = got.data, error } = await got.again();
    const { turned } = now.rest;
    if (error || !turned) return;
    const all = await walk(data.items, data.next_cursor, turned).catch(() => null);
    if (all && mine === now.run) put({ ...all, turned });
  };
  // the keyboard goes on at the first new one
  useEffect(() => {
    if (now.fresh) document.querySelectorAll('.list>li>a')[now.fresh]?.focus();
    now.fresh = 0;
  }, [rest]);
  const more = (what) => html`${failed && html`<${Failed} what=${what} error=${failed} again=${show} />`}
    ${cursor && !failed && !got.stale && html`<p class="acts"><button class="btn quiet full" type="button" onClick=${show}>Mostrar mais</button></p>`}`;
  return { got: { ...got, again }, items, more };
}
