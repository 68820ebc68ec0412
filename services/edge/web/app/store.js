// What this device keeps (IndexedDB `sac`): session, drafts by customer, the queue by key, the last good answers.
const STORES = ['session', 'draft', 'queue', 'seen'];
let opened;

const open = () => (opened ||= new Promise((resolve, reject) => {
  const request = indexedDB.open('sac', 1);
  request.onupgradeneeded = () => STORES.forEach((name) => request.result.createObjectStore(name));
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
}));

const run = async (name, mode, work) => {
  const db = await open();
  return new Promise((resolve, reject) => {
    const transaction = db.transaction(name, mode);
    const request = work(transaction.objectStore(transaction.objectStoreNames[0]), transaction);
    transaction.oncomplete = () => resolve(request?.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
};

export const get = (name, key) => run(name, 'readonly', (store) => store.get(key));
export const all = (name) => run(name, 'readonly', (store) => store.getAll());
export const put = (name, key, value) => run(name, 'readwrite', (store) => store.put(value, key));
export const remove = (name, key) => run(name, 'readwrite', (store) => store.delete(key));
export const clear = (...names) => run(names, 'readwrite', (_, t) => names.forEach((name) => t.objectStore(name).clear()));
// not what another tab has put there meanwhile
export const end = ({ token }, left) => run('session', 'readwrite', (store) => {
  store.get('me').onsuccess = ({ target }) => target.result?.token === token && store.put(left, 'me');
});
export const wipe = () => clear(...STORES);
