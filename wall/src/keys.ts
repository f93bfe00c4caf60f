/** Signing keys: made in this browser, never extractable, kept in its own database. The room sees public keys only. */

const DATABASE = 'watchfloor';
const STORE = 'keys';

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('the key store does not open'));
  });
}

async function stored<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await open();
  try {
    return await new Promise<T>((resolve, reject) => {
      const request = work(database.transaction(STORE, mode).objectStore(STORE));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error ?? new Error('the key store does not answer'));
    });
  } finally {
    database.close();
  }
}

export function hex(raw: ArrayBuffer | Uint8Array): string {
  return [...new Uint8Array(raw)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** A new key pair under a name of its own; the private half cannot leave this browser. */
export async function makeKey(): Promise<string> {
  const pair = (await crypto.subtle.generateKey({ name: 'Ed25519' }, false, ['sign', 'verify'])) as CryptoKeyPair;
  const name = crypto.randomUUID();
  await stored('readwrite', (store) => store.put(pair, name));
  return name;
}

async function pairOf(name: string): Promise<CryptoKeyPair> {
  const pair = (await stored('readonly', (store) => store.get(name))) as CryptoKeyPair | undefined;
  if (!pair) throw new Error('this browser no longer holds the key of this seat');
  return pair;
}

/** The public key, in hex. */
export async function publicKey(name: string): Promise<string> {
  return hex(await crypto.subtle.exportKey('raw', (await pairOf(name)).publicKey));
}

/** A signature over a text's UTF-8 bytes, in hex. */
export async function sign(name: string, text: string): Promise<string> {
  return hex(await crypto.subtle.sign('Ed25519', (await pairOf(name)).privateKey, new TextEncoder().encode(text)));
}

export async function sha256(text: string): Promise<string> {
  return hex(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
}

export function nonce(): string {
  return hex(crypto.getRandomValues(new Uint8Array(16)));
}
