// Where a filter is written. It is in the address, too.
import { useEffect, useState } from "preact/hooks";
import { setParams } from "../address";

const TYPING_MS = 120;

export function FilterBox({ text, hint }: { readonly text: string; readonly hint: string }) {
  const [typed, setTyped] = useState(text);
  useEffect(() => setTyped(text), [text]);
  useEffect(() => {
    if (typed === text) return undefined;
    const timer = setTimeout(() => setParams({ filter: typed }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <input
      type="search"
      class="filter"
      aria-label="Filter"
      placeholder={hint}
      value={typed}
      spellcheck={false}
      autocomplete="off"
      onInput={(event) => setTyped(event.currentTarget.value)}
    />
  );
}
