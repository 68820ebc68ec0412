// Lists that come page by page: the first page is read anew as things happen, what was shown stays shown.
import { html, useEffect, useRef, useState } from './html.js';
import { call, useRead } from './api.js';
import { Failed } from './parts.js';

export function usePages(address, id) {
  const got = useRead(address);
  const [next, turn] = useState({});
  const [failed, fail] = useState(null);
  const shown = useRef([]);
  const fresh = useRef(-1);
  const first = got.data?.items || [];
  const known = new Set(first.map((one) => one[id]));
  if (next.cursor === undefined) shown.current = first;
  else shown.current = [...first, ...shown.current.filter((one) => !known.has(one[id]))];
  const cursor = next.cursor === undefined ? got.data?.next_cursor : next.cursor;
  const show = async () => {
    fail(null);
    try {
      const { data } = await call(`${address}${address.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(cursor)}`);
      fresh.current = shown.current.length;
      shown.current = [...shown.current, ...data.items];
      turn({ cursor: data.next_cursor });
    } catch (error) { fail(error); }
  };
  // the keyboard goes on at the first new one
  useEffect(() => {
    if (fresh.current >= 0) document.querySelectorAll('.list>li>a')[fresh.current]?.focus();
    fresh.current = -1;
  }, [next]);
  const more = (what) => html`${failed && html`<${Failed} what=${what} error=${failed} again=${show} />`}
    ${cursor && !failed && !got.stale && html`<p class="acts"><button class="btn quiet full" type="button" onClick=${show}>Mostrar mais</button></p>`}`;
  return { got, items: shown.current, more, keep: (wanted) => { shown.current = shown.current.filter(wanted); } };
}
