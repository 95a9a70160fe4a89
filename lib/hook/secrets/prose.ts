// Secrets that a sentence introduces: "the password is x", "Password for bob:⏎x", "das Passwort lautet x".
//
// What a sentence says of a password is mostly not one, so only a value is masked that can be nothing else.
import { lowerCase, placesOf, type Span } from "./hint-places";
import { isRandomKey, isSecretText, isStrongPassword } from "./values";

// Nouns of several languages. Those with letters beyond ASCII are not known as names.
const NOUNS: readonly string[] = [
  "password",
  "passphrase",
  "passcode",
  "passwort",
  "mot de passe",
  "kennwort",
  "wachtwoord",
  "contraseña",
  "senha",
  "пароль",
  "密码",
  "パスワード",
  // Sentences about tokens and keys are too common: only what they are.
  "token is",
  "secret is",
  "key is",
  "authenticator app",
  "api key",
  "access token",
  "pass is",
  "pw is",
  "new value",
];

/** In lower case; a text without any of these has no such sentence. */
export const PROSE_HINTS: readonly string[] = ["pass", ...NOUNS.slice(5, -2)];

// Between the noun and the value: " for bob is: ", " lautet "; or " for the [elastic] user (reset with `x`):⏎  ".
const SAID = () =>
  /^[ '’"»)]{0,3}(?: [^\n:=]{0,120}?)? (?:is|was|lautet|ist|est|es|è|é|jest|är|to)(?: ?:)?[ \t]{1,4}[`"'«]?(?=[^\s`"'«<>]{8})/;
const SHOWN = () =>
  /^[ '’"»)]{0,3}(?: [^\n:=]{0,120}?)?(?: ?:(?=\s)| ?：| =(?= )|は|是)[ \t]{0,4}(?:\r?\n[ \t>]{0,8}){0,2}[`"'«]?(?=[^\s`"'«<>]{8})/;

/** Finds the secrets that sentences introduce, in the order in which they stand in the text. */
export function proseSecrets(text: string): Span[] {
  const found: Span[] = [];
  let end = 0;
  for (const place of placesOf(lowerCase(text), NOUNS)) {
    const at = text.startsWith(" is", place - 3) ? place - 3 : place;
    if (at < end) continue;
    const window = text.slice(at, at + 400);
    // A digit is part of every secret that is found here.
    if (!/\d/.test(window)) continue;
    const value = introduced(window, SAID) ?? introduced(window, SHOWN);
    if (value === undefined) continue;
    end = at + value.end;
    found.push({ start: at + value.start, end });
  }
  return found;
}

function introduced(window: string, introduction: () => RegExp): Span | undefined {
  const start = introduction().exec(window)?.[0].length;
  if (start === undefined) return undefined;
  const given = /^(?:[^\s\\`"'«»<>]|\\(?![nrtu"'\\])){8,256}/.exec(window.slice(start))?.[0] ?? "";
  // Without what ends the sentence.
  const value = given.replace(/[,;:)\].]+$/, "");
  return (isStrongPassword(value) || isRandomKey(value)) && isSecretText(value, "password", "line")
    ? { start, end: start + value.length }
    : undefined;
}
