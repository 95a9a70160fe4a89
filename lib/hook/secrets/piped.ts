// Secrets that are written to a program's input, or to a file that is named after them: echo x | sudo -S,
// echo app:x | chpasswd, printf x | gcloud secrets create, echo x > master.key.
import { readWords, type Word } from "./arguments";
import { placesOf, type Span } from "./hint-places";
import { isSecretText } from "./values";

/** In lower case; a text without any of these writes nothing. */
export const PIPE_HINTS: readonly string[] = ["echo ", "printf "];

// Programs that read a secret from their input, from their manuals.
const READERS = () =>
  /^(?:sudo\s+(?:-\w+\s+){0,3}-\w{0,4}S\b|(?:sudo\s+)?(?:cryptsetup|chpasswd|kinit|smbpasswd|hdiutil\s[^|\n]{0,64}-stdinpass|openconnect\s[^|\n]{0,64}--passwd-on-stdin|xargs\s[^|\n]{0,64}(?:authorization|bearer|token)|keyctl\s+padd|pass\s+insert|secret-tool\s+store)\b|(?:sudo\s+)?passwd\s[^|\n]{0,64}--stdin|gpg\s[^|\n]{0,64}--passphrase-fd|openssl\s[^|\n]{0,128}-pass(?:in|out)?\s+stdin|(?:npx|bunx|pnpm|yarn|dlx|exec)?\s{0,4}(?:--yes\s+)?(?:docker|podman|nerdctl|helm|oras|crane|cosign|az|gh|glab|npm|wrangler|vercel|vault|supabase|gcloud|aws|kubectl|fly|flyctl|heroku|pulumi|doppler|netlify|railway|eas|op|bws|circleci)\s[^|\n]{0,160}?(?:-stdin|--with-token|login\s+-|\blogin\b|secrets?\s+(?:put|set|create|add|import|edit|versions\s+add)|store-secret|versions\s+add|env\s+add|variable\s+set|config\s+set\s[^|\n]{0,64}--secret|\/dev\/stdin|=-(?:\s|$)))/i;
// A file whose name says what is in it.
const KEPT = () =>
  /^>{1,2}\s{0,4}["']?(?:[\w.~$-]{0,64}\/){0,8}[\w.-]{0,32}(?:master\.key|\.key|passw(?:or)?d|passphrase|\.pass|[._-]pass|token|secret(?:_key|\.key)?|api[-_]?key)(?:\.txt)?(?=["'\s;&]|$)/;

/** Finds what `echo` and `printf` pass on as a secret, in the order in which it stands in the text. */
export function pipedSecrets(text: string): Span[] {
  const found: Span[] = [];
  for (const at of placesOf(text, PIPE_HINTS)) {
    const word = written(readWords(text, at - 1));
    if (word === undefined || word.start < (found.at(-1)?.end ?? 0)) continue;
    const behind = /^\\{0,3}["']?(?:\\n["'])?\s{0,8}(\||(?=>))\s{0,8}/.exec(
      text.slice(word.end, word.end + 32),
    );
    if (behind === null) continue;
    const from = word.end + behind[0].length;
    const consumer = text.slice(from, from + 240);
    const isReader = behind[1] === "|" && READERS().test(consumer);
    if (!isReader && !KEPT().test(consumer)) continue;
    const user = /^(?:sudo\s+)?chpasswd/.test(consumer) ? word.text.indexOf(":") + 1 : 0;
    const length = word.text.replace(/\\n$/, "").length;
    const secret = word.text.slice(user, length);
    if (isSecretText(secret, isReader ? "password" : "token", "quoted"))
      found.push({ start: word.start + user, end: word.start + length });
  }
  return found;
}

// The only word that is written, behind options and a format.
function written(words: readonly Word[]): Word | undefined {
  const given = words.filter((word, at) => !(at < 2 && /^-[neE]{1,3}$/.test(word.text)));
  const [first, second, third] = given;
  if (first === undefined) return undefined;
  if (/^%s(?:\\n)?$/.test(first.text)) return third === undefined ? second : undefined;
  return second === undefined ? first : undefined;
}
