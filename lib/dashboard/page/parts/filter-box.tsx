// The input for a filter. The filter is also in the address.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { setParams } from "../address";

const TYPING_MS = 120;

interface FilterBoxProps {
  readonly text: string;
  readonly hint: string;
  /** Where it stands in the address. */
  readonly param?: string;
  readonly label?: string;
}

export function FilterBox({ text, hint, param = "filter", label = "Filter" }: FilterBoxProps) {
  const [typed, setTyped] = useState(text);
  // What this box put into the address comes back when more may have been typed, so only another text replaces it.
  const sent = useRef(text);
  useLayoutEffect(() => {
    if (text !== sent.current) setTyped(text);
    sent.current = text;
  }, [text]);
  useEffect(() => {
    if (typed === text) return undefined;
    const timer = setTimeout(() => {
      sent.current = typed;
      setParams({ [param]: typed });
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <input
      type="search"
      class="filter"
      aria-label={label}
      placeholder={hint}
      value={typed}
      spellcheck={false}
      autocomplete="off"
      onInput={(event) => setTyped(event.currentTarget.value)}
    />
  );
}
