// Signed tokens as an application's backend makes them: with the package `jose`.

import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose';

/** What a server is given as --auth_secret. */
export const SECRET = 'a secret that only the tests know';

/** Of a peer with the id `sub`; for a minute, unless `claims` has an exp. */
export function sign(sub, claims = {}, { key = SECRET, alg = 'HS256', kid } = {}) {
  const bytes = typeof key === 'string' ? new TextEncoder().encode(key) : key;
  const token = new SignJWT(claims).setProtectedHeader({ alg, kid });
  if (sub !== undefined) token.setSubject(sub);
  if (claims.exp === undefined) token.setExpirationTime('1m');
  return token.sign(bytes);
}

/** A pair of keys: { sign, pem, jwk }. */
export async function makeKey(alg, kid) {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return {
    sign: (sub, claims) => sign(sub, claims, { key: privateKey, alg, kid }),
    pem: await exportSPKI(publicKey),
    jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' },
  };
}

/** The keys `one`, `two` and `three`, each of another kind. */
export const makeKeys = () =>
  Promise.all([makeKey('RS256', 'one'), makeKey('ES256', 'two'), makeKey('EdDSA', 'three')]);

/** A JWK set of some of them, as the text of a file. */
export const jwkSet = (...keys) => JSON.stringify({ keys: keys.map(({ jwk }) => jwk) });
