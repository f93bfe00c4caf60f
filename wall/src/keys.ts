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

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;

export function base64url(raw: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(raw))).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

function unbase64url(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0)) as Uint8Array<ArrayBuffer>;
}

/** A passkey as it was enrolled, for the room to check once. */
export interface Registration {
  readonly credential_id: string;
  readonly client_data: string;
  readonly attestation: string;
}

/** A passkey's confirmation of a document, with the exact words that were shown. */
export interface Assertion {
  readonly credential_id: string;
  readonly client_data: string;
  readonly authenticator_data: string;
  readonly signature: string;
  readonly rendering: string;
}

/** Enrol a passkey over the enrolment's own text; the person is asked to verify themselves. */
export async function enrolPasskey(rpId: string, text: string, name: string, enrolled: readonly string[]): Promise<Registration> {
  const made = (await navigator.credentials.create({
    publicKey: {
      challenge: await crypto.subtle.digest('SHA-256', bytes(text)),
      rp: { id: rpId, name: 'watchfloor' },
      user: { id: crypto.getRandomValues(new Uint8Array(16)), name, displayName: name },
      excludeCredentials: enrolled.map((id) => ({ type: 'public-key' as const, id: unbase64url(id) })),
      pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: 'public-key' as const, alg })),
      authenticatorSelection: { userVerification: 'required', residentKey: 'preferred' },
      attestation: 'none',
    },
  })) as PublicKeyCredential | null;
  if (!made) throw new Error('no passkey was made');
  const response = made.response as AuthenticatorAttestationResponse;
  return {
    credential_id: made.id,
    client_data: base64url(response.clientDataJSON),
    attestation: base64url(response.attestationObject),
  };
}

/** Confirm a document with a passkey; the challenge covers the document and the words that were shown. */
export async function confirmWithPasskey(rpId: string, credentialIds: readonly string[], document: string, rendering: string): Promise<Assertion> {
  const text = `watchfloor act\n${bytes(document).length}\n${document}\n${rendering}`;
  const used = (await navigator.credentials.get({
    publicKey: {
      challenge: await crypto.subtle.digest('SHA-256', bytes(text)),
      rpId,
      allowCredentials: credentialIds.map((id) => ({ type: 'public-key' as const, id: unbase64url(id) })),
      userVerification: 'required',
    },
  })) as PublicKeyCredential | null;
  if (!used) throw new Error('the passkey confirmed nothing');
  const response = used.response as AuthenticatorAssertionResponse;
  return {
    credential_id: used.id,
    client_data: base64url(response.clientDataJSON),
    authenticator_data: base64url(response.authenticatorData),
    signature: base64url(response.signature),
    rendering,
  };
}
