/** The nonce with which the page's policy lets style elements be (api/console.py). */
export function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>("meta[property=csp-nonce]")?.nonce ?? "";
}
