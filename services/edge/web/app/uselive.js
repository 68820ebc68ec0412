// Lets a screen follow the live events for as long as it is shown.
import { useEffect, useRef } from './html.js';
import { on } from './live.js';

export function useLive(follow) {
  const newest = useRef();
  newest.current = follow;
  useEffect(() => on((news) => newest.current(news)), []);
}
