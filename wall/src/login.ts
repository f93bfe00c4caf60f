/** Logging in with the room's provider: this tab begins it, comes back, and finishes it with its own secret. */

import { ask } from './seat';

const LOGIN = 'watchfloor-login';
const BEGUN = 'watchfloor-login-begun';

/** The token of this tab's login; empty, when nobody logged in here. */
export const heldLogin = (): string => sessionStorage.getItem(LOGIN) ?? '';

/** Go to the provider; the seat's link is kept for the way back. */
export async function beginLogin(link: string): Promise<void> {
  const { url, tab } = await ask<{ url: string; tab: string }>('api/login/begin', '', {});
  sessionStorage.setItem(BEGUN, JSON.stringify({ tab, link }));
  location.assign(url);
}

/** Back from the provider: finish the login; the seat's link that it was begun for, or null. */
export async function finishLogin(): Promise<string | null> {
  const query = new URLSearchParams(location.search);
  const begun = sessionStorage.getItem(BEGUN);
  if (!query.has('state') || !begun) return null;
  history.replaceState(null, '', location.pathname);
  sessionStorage.removeItem(BEGUN);
  const { tab, link } = JSON.parse(begun) as { tab: string; link: string };
  const { login } = await ask<{ login: string }>('api/login/finish', '', { ...Object.fromEntries(query), tab });
  sessionStorage.setItem(LOGIN, login);
  return link;
}
