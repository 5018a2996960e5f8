// Photos that wait to be sent, kept in IndexedDB: a reload or a dead battery loses none.

const STORE = "photo";

/** @typedef {{id: string, file: Blob, name: string}} Photo */

/** @param {string} name of the database */
export function photoStore(name) {
  /** @returns {Promise<IDBDatabase>} */
  const open = () =>
    new Promise((done, fail) => {
      const request = indexedDB.open(name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id" });
      request.onsuccess = () => done(request.result);
      request.onerror = () => fail(request.error);
    });

  /**
   * @template T
   * @param {"readonly" | "readwrite"} mode
   * @param {(store: IDBObjectStore) => IDBRequest<T>} act
   * @returns {Promise<T | null>} null where the browser keeps no database
   */
  const inStore = async (mode, act) => {
    try {
      const database = await open();
      return await new Promise((done, fail) => {
        const request = act(database.transaction(STORE, mode).objectStore(STORE));
        request.onsuccess = () => done(request.result);
        request.onerror = () => fail(request.error);
      });
    } catch {
      return null;
    }
  };

  return {
    /** @returns {Promise<Photo[]>} */
    all: async () => (await inStore("readonly", (store) => store.getAll())) ?? [],
    /** @param {string} id @returns {Promise<Photo | null>} */
    get: async (id) => (await inStore("readonly", (store) => store.get(id))) ?? null,
    /** @param {Photo} photo */
    save: (photo) => inStore("readwrite", (store) => store.put(photo)),
    /** @param {string} id */
    drop: (id) => inStore("readwrite", (store) => store.delete(id)),
    clear: () => inStore("readwrite", (store) => store.clear()),
  };
}
