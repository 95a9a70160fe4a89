// The address contains the state of the page: `#/session/ID?sel=…`. Links, reload and Back work with it.
import { signal } from "@preact/signals";

/** A view, and what it shows. */
export interface Address {
  readonly view: string;
  /** What follows the view: the id of a session. */
  readonly id: string;
  readonly params: Readonly<Record<string, string>>;
}

/** Where the page is. */
export const address = signal<Address>(parseAddress(location.hash));

addEventListener("hashchange", readAddress);

/** Takes the address as it is now: not each change of it is an event. */
export function readAddress(): void {
  address.value = parseAddress(location.hash);
}

function parseAddress(hash: string): Address {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [view = "", ...rest] = path.split("/");
  return {
    view: view === "" ? "now" : view,
    id: decodeURIComponent(rest.join("/")),
    params: Object.fromEntries(new URLSearchParams(query)),
  };
}

/** The address of a view, for a link. */
export function linkTo(
  view: string,
  id = "",
  params: Readonly<Record<string, string | undefined>> = {},
): string {
  const given = Object.entries(params).filter(([, value]) => value !== undefined);
  const query = new URLSearchParams(given as [string, string][]).toString();
  const path = id === "" ? view : `${view}/${encodeURIComponent(id)}`;
  return `#/${path}${query === "" ? "" : `?${query}`}`;
}

/** Goes to a view. */
export function goTo(link: string): void {
  location.hash = link;
}

/** Changes some of what the view shows, without a step in the history. */
export function setParams(params: Readonly<Record<string, string | undefined>>): void {
  const { view, id, params: before } = address.value;
  history.replaceState(null, "", linkTo(view, id, { ...before, ...params }));
  readAddress();
}
