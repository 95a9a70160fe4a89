// Insertions into and removals from the text of a JSON document with comments. They follow the style of
// the document, and change no other byte of it.
import { applyEdits, createScanner, type Edit, type Node } from "jsonc-parser";

/** Inserts a last property into an object, or a last element into a list, in the style of the others. */
export function insert(
  text: string,
  parent: Node,
  key: string | undefined,
  value: unknown,
): string {
  const unit = indentUnit(text);
  const eol = lineEnd(text);
  const end = parent.offset + parent.length - 1;
  const outer = indentOf(text, parent.offset);
  const last = parent.children?.at(-1);
  const render = (indent: string | undefined) => {
    const pretty = indent !== undefined;
    const json = JSON.stringify(value, undefined, pretty ? unit : undefined);
    const name = key === undefined ? "" : `${JSON.stringify(key)}:${pretty ? " " : ""}`;
    return name + json.replaceAll("\n", `${eol}${indent}`);
  };
  if (last === undefined) {
    const isOneLine = parent.parent !== undefined && !/[\r\n]/.test(text.trim());
    const content = isOneLine
      ? render(undefined)
      : `${eol}${outer}${unit}${render(outer + unit)}${eol}${outer}`;
    const inner = text.slice(parent.offset + 1, end);
    return inner.trim() === ""
      ? applyEdits(text, [{ offset: parent.offset + 1, length: inner.length, content }])
      : applyEdits(text, [{ offset: end, length: 0, content }]);
  }
  const lastEnd = last.offset + last.length;
  const comma = commaAfter(text, lastEnd);
  const edits: Edit[] = comma === undefined ? [{ offset: lastEnd, length: 0, content: "," }] : [];
  const begin = (comma ?? lastEnd - 1) + 1;
  if (/[\r\n]/.test(text.slice(parent.offset, last.offset))) {
    const indent = indentOf(text, last.offset);
    const offset = endOfLine(text, begin, end);
    edits.push({ offset, length: 0, content: `${eol}${indent}${render(indent)}` });
  } else edits.push({ offset: begin, length: 0, content: render(undefined) });
  return applyEdits(text, edits);
}

/** Removes a property or an element, its comma, and its lines if nothing else is on them. */
export function remove(text: string, node: Node): string {
  const siblings = node.parent?.children ?? [];
  const before = siblings[siblings.indexOf(node) - 1];
  const edits: Edit[] = [];
  let begin = node.offset;
  let end = node.offset + node.length;
  const comma = commaAfter(text, end);
  if (comma !== undefined) end = comma + 1;
  else if (before !== undefined) {
    const previous = commaAfter(text, before.offset + before.length);
    if (
      previous !== undefined &&
      text.slice(previous + 1, begin).trim() === "" &&
      !/[\r\n]/.test(text.slice(previous, begin))
    )
      begin = previous;
    else if (previous !== undefined) edits.push({ offset: previous, length: 1, content: "" });
  }
  const lineBegin = begin - (/[ \t]*$/.exec(text.slice(0, begin))?.[0].length ?? 0);
  const rest = /^[ \t]*(?:\r\n|\r|\n)/.exec(text.slice(end))?.[0].length;
  if (rest !== undefined && (lineBegin === 0 || /[\r\n]/.test(text[lineBegin - 1] ?? ""))) {
    begin = lineBegin;
    end += rest;
  }
  edits.push({ offset: begin, length: end - begin, content: "" });
  const edited = applyEdits(text, edits);
  // An object or list that is now empty loses its white space.
  const parent = node.parent;
  if (parent === undefined || siblings.length > 1) return edited;
  const close = parent.offset + parent.length - 1 - (end - begin);
  const inner = edited.slice(parent.offset + 1, close);
  if (inner.trim() !== "") return edited;
  return edited.slice(0, parent.offset + 1) + edited.slice(close);
}

/** Whether there is a comment between two offsets of a document, neither of them inside a string. */
export function hasComment(text: string, from: number, to: number): boolean {
  const scanner = createScanner(text, false);
  scanner.setPosition(from);
  for (;;) {
    scanner.scan();
    const offset = scanner.getTokenOffset();
    if (offset >= to || scanner.getTokenLength() === 0) return false;
    if (text[offset] === "/") return true;
  }
}

function commaAfter(text: string, offset: number): number | undefined {
  const scanner = createScanner(text, true);
  scanner.setPosition(offset);
  scanner.scan();
  const next = scanner.getTokenOffset();
  return text[next] === "," ? next : undefined;
}

// After a comment on the same line, but not past the end of the object or list.
function endOfLine(text: string, from: number, end: number): number {
  const scanner = createScanner(text, false);
  scanner.setPosition(from);
  for (;;) {
    scanner.scan();
    const offset = scanner.getTokenOffset();
    const isBeside = /[ \t/]/.test(text[offset] ?? "");
    if (!isBeside || offset >= end) return trimmedEnd(text, from, Math.min(offset, end));
  }
}

function trimmedEnd(text: string, from: number, offset: number): number {
  return from + text.slice(from, offset).trimEnd().length;
}

function indentOf(text: string, offset: number): string {
  const lineBegin =
    Math.max(text.lastIndexOf("\n", offset - 1), text.lastIndexOf("\r", offset - 1)) + 1;
  return /^[ \t]*/.exec(text.slice(lineBegin, offset))?.[0] ?? "";
}

function indentUnit(text: string): string {
  return /^[ \t]+(?=")/m.exec(text)?.[0] ?? "  ";
}

/** The line end of a text: CRLF if it has one, else LF. */
export function lineEnd(text: string): string {
  return text.includes("\r\n") ? "\r\n" : "\n";
}
