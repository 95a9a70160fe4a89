// Secrets that are known by their form, wherever they stand: private keys, passwords in addresses, lines of known files.
//
// Every repetition is bounded, and no pattern starts again inside a run on which it has just failed, so matching
// takes linear time on any text.
import { isRandomKey, isSecretText, isStrongPassword, isWords } from "./values";

/** One kind of secret in free text. */
export interface SecretPattern {
  /** Names the mask: `[redacted:github-token]`. */
  readonly kind: string;
  /**
   * Creates the expression; its group 1, if it has one, is kept in front of the mask. Created only on demand,
   * because a process needs few of them and each costs some 10 µs.
   */
  readonly expression: () => RegExp;
  /** Whether it begins only where a token can begin. Its expression has no group. */
  readonly isToken?: boolean;
  /** Whether a match without its group 1 is a secret; without this, all are. */
  readonly accepts?: (secret: string) => boolean;
}

/** A pattern that is neither a vendor's nor given away by a name, and how to tell that a text has none of it. */
export interface GeneralPattern extends SecretPattern {
  /** In lower case; a text without any of these, in upper or lower case, has no such secret. */
  readonly hints: readonly string[];
  /** A text without this one has none either, so that many hints need not be searched. */
  readonly needs?: string;
}

// A line break, escaped or not, and the line number that `cat -n` and `grep -n` add.
// Or, behind a line break, the file's name, as `grep -A` does.
const ROW_START = String.raw`(?:[\s→:|"'+]|\\+[nrt]|\d{1,6}(?=[\s→:|])|(?<=\n)[\w./-]{1,100}\.\w{2,5}[-:](?:\d{1,6}[-:])?){0,16}`;
const KEY_ROWS = `(?:${ROW_START}[A-Z][A-Za-z-]{2,20}: [^\\r\\n\\\\"]{0,256}){0,4}(?:${ROW_START}[A-Za-z0-9+/=]{20,1024}){1,2048}(?:${ROW_START}[A-Za-z0-9+/=]{1,1024}){0,2}`;

const URL_HOSTS: readonly string[] = [
  "maker.ifttt.com",
  "infura.io",
  ".alchemy",
  "loggly.com",
  "hc-ping.com",
  "quiknode.pro",
  "rpc.ankr.com",
  "chainstack.com",
  "getblock.io",
  "drpc.org",
  ".make.com",
  "sumologic.com",
  "datadoghq.",
  "pagerduty.com",
  "victorops.com",
  "/heartbeat/",
  "nosnch.in",
  "/bot/v2/hook",
  "pushcut.io",
  "/hooks/",
  "/private-",
];

/** In the order in which they are tried: specific patterns before general ones. Created only if one can match. */
export const generalPatterns = (): readonly GeneralPattern[] => [
  {
    kind: "private-key",
    hints: ["-----begin"],
    // Up to its end; if that is missing, as after `head`, the rows that can be part of a key. The first line alone,
    // as in code that looks for keys, is no secret.
    expression: () =>
      new RegExp(
        `-----BEGIN ?(?:[A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}|OpenVPN [Ss]tatic key V\\d)-----(?=[^]{0,512}?[A-Za-z0-9+/]{32})(?:${KEY_ROWS}(?:${ROW_START}-----END ?[A-Za-z0-9 ]{0,60}-----)?|[^-;]{0,65536}(?:-(?!-)[^-;]{0,65536}){0,64}-----END ?[A-Za-z0-9 ]{0,60}-----)`,
        "g",
      ),
  },
  {
    // PuTTY: the rows behind `Private-Lines: 14`.
    kind: "private-key",
    hints: ["private-lines: "],
    expression: () =>
      new RegExp(`(Private-Lines: \\d{1,4})(?:${ROW_START}[A-Za-z0-9+/=]{16,1024}){1,512}`, "g"),
  },
  {
    // A JSON Web Key: its private part.
    kind: "private-key",
    hints: ['"kty'],
    expression: () =>
      /("(?:d|p|q|dp|dq|qi|k)\\{0,7}"\s{0,4}:\s{0,4}\\{0,7}")[A-Za-z0-9_-]{40,2048}(?=\\{0,7}")/g,
  },
  {
    kind: "url-password",
    hints: ["://"],
    // A port is no password: jdbc:sqlserver://db:1433;user=a;password=b@c
    expression: () =>
      /(:\/\/(?!\[redacted)[^\s:/?#"'<>]{0,256}:)(?!\[redacted|x-oauth-basic@|\d{1,5}[;,])[^\s/"'<>]{1,512}(?=@)/g,
    accepts: (secret) =>
      !/^(?:\$\{?\w+\}?|\{\{?[\w. ]+\}?\}|%\w+%|\*+|x+|\.\.\.|…|pass(?:word)?|secret|token|PASS(?:WORD)?|TOKEN|your[-_]\w+)$/.test(
        secret,
      ),
  },
  {
    // https://TOKEN:x-oauth-basic@github.com and https://TOKEN@github.com, with tokens older than the prefixes.
    kind: "url-password",
    hints: ["://"],
    expression: () =>
      /(:\/\/)(?:[A-Za-z0-9_-]{20,256}(?=:?@)|[^\s:/?#@"'<>[]{4,256}(?=:x-oauth-basic@))/g,
    accepts: (secret) => !isWords(secret.replaceAll(/\d{1,4}(?![\da-zA-Z])/g, "")),
  },
  {
    // https://b.s3.amazonaws.com/k?X-Amz-Signature=…
    kind: "url-signature",
    hints: ["signature=", "sig=", "token"],
    expression: () =>
      /([?&;](?:amp;)?(?:X-(?:Amz|Goog|Oss)-(?:Signature|Security-Token)|Signature|sig)=)[A-Za-z0-9%+/=_-]{20,4096}/gi,
  },
  {
    // ?code=x, ?appid=x: what these say may be anything, but the value can only be a key.
    kind: "url-secret",
    hints: ["?code=", "&code=", "?key=", "&key=", "?appid=", "&appid=", "&amp;"],
    expression: () => /([?&](?:amp;)?(?:code|key|appid)=)[\w%+/=.~-]{20,2048}/gi,
    accepts: (secret) =>
      isRandomKey(secret.replaceAll(/%[\dA-F]{2}/gi, "")) ||
      (/^[\w-]*$/.test(secret) && UUID.test(secret)),
  },
  {
    // Addresses that are a secret themselves: who knows them may use them.
    kind: "url-secret",
    needs: "://",
    hints: URL_HOSTS,
    expression: () =>
      new RegExp(
        String.raw`((?:maker\.ifttt\.com/trigger/[\w-]{1,64}/(?:json/)?with/key|infura\.io/(?:ws/)?v3|alchemy(?:api)?\.(?:com|io)/v2|loggly\.com/(?:inputs|bulk)|hc-ping\.com|quiknode\.pro|rpc\.ankr\.com/\w{2,24}|chainstack\.com|getblock\.io|drpc\.org/[\w-]{2,24}|hook\.\w{2,8}\.make\.com|sumologic\.com/receiver/v1/http|datadoghq\.(?:com|eu)/(?:v1/input|api/v1)|events\.pagerduty\.com/integration|victorops\.com/integrations/generic/\d{1,12}/alert|/api/v1/heartbeat|nosnch\.in|/open-apis/bot/v2/hook|pushcut\.io|/hooks|ical/[\w.%@-]{1,128}/private)[/-])(?:[\w=-]{20,256}|[\w-]{8,64}/[\w=-]{20,256}|(?<=nosnch\.in/)\w{8,16})`,
        "gi",
      ),
    accepts: (secret) =>
      /\d/.test(secret) && !isWords(secret.replaceAll(/\d{1,4}(?![\da-zA-Z])/g, "")),
  },
  {
    // Django's and others' link to set a new password.
    kind: "url-secret",
    hints: ["/reset/"],
    expression: () => /(\/reset\/[\w=-]{1,24}\/)[a-z0-9]{4,8}-[0-9a-f]{20,64}/g,
  },
  {
    kind: "authorization",
    hints: ["auth"],
    expression: () =>
      /(authorization\\{0,7}["']?\s{0,4}[:=]\s{0,4}\\{0,7}["']?(?:(?:basic|bearer|token|digest|negotiate|apikey|key|bot|aws4-hmac-sha256)[\s=]{1,4})?)(?!\[redacted)[^\s"'\\,;$`{(<>]{8,8192}/gi,
    accepts: isCredential,
  },
  {
    // Any other scheme: GenieKey, SSWS, Splunk.
    kind: "authorization",
    needs: "auth",
    hints: ["authorization"],
    expression: () =>
      /(authorization\\{0,7}["']?\s{0,4}[:=,]\s{0,4}\\{0,7}["']?[A-Za-z][\w-]{1,24} )(?!\[redacted)[\w.~+/=-]{16,1024}/gi,
    accepts: (secret) => isRandomKey(secret) || UUID.test(secret),
  },
  {
    kind: "authorization",
    needs: "auth",
    hints: ["digest"],
    expression: () => /(\bresponse=\\{0,3}["']?)[0-9a-f]{32,128}/g,
  },
  {
    kind: "authorization",
    needs: "auth",
    hints: ["aws4-hmac-sha256"],
    expression: () => /(\bSignature=)[0-9a-f]{64}/g,
  },
  {
    kind: "authorization",
    hints: ["bearer"],
    expression: () => /(bearer\s{1,4})[A-Za-z0-9._~+/=-]{16,8192}/gi,
    accepts: isCredential,
  },
  {
    kind: "authorization",
    hints: ["basic "],
    expression: () => /(basic\s{1,4})[A-Za-z0-9+/]{10,1024}={0,2}/gi,
    accepts: isBasicCredential,
  },
  {
    kind: "cookie",
    hints: ["cookie"],
    expression: () =>
      /(cookie\\{0,7}["']?\s{0,4}:\s{0,4}\\{0,7}["']?)[\w.-]{1,128}=[^"'\\\r\n]{4,8192}/gi,
  },
  {
    // ~/.netrc on one line or two.
    kind: "assigned-secret",
    hints: ["login"],
    expression: () =>
      /(\blogin[ \t]{1,4}[^\s"'\\]{1,128}(?:\s|\\[nrt]){1,8}passw(?:or)?d[ \t]{1,4})[^\s\\"']{1,256}/g,
    accepts: (secret) => isSecretText(secret, "password", "line"),
  },
  {
    // ~/.pgpass: host:port:database:user:password
    kind: "assigned-secret",
    hints: [":5432:"],
    expression: () =>
      /((?:^|[\n\r"']|\\[nr]|\t)(?:[\w.-]{1,128}|\*):(?:5432|\*):[\w*.-]{1,64}:[\w*.@-]{1,64}:)[^\s"'\\]{1,256}(?=$|[\s"'\\])/g,
  },
  {
    kind: "assigned-secret",
    hints: ["identified "],
    expression: () =>
      /(\bidentified\s{1,4}(?:with\s{1,4}['"]?\w{1,40}['"]?\s{1,4})?(?:by|as)\s{1,4}(?:password\s{1,4})?\\{0,3}['"])[^'"\r\n\\]{1,256}/gi,
    accepts: (secret) => isSecretText(secret, "password", "quoted"),
  },
  {
    // printf 'AUTH x\r\n' to Redis.
    kind: "assigned-secret",
    hints: ["auth"],
    expression: () =>
      /((?:^|["'\n]|\\n|\d> )(?:AUTH|PASS) (?:[\w-]{1,64} )?)(?!\$)[^\s"'\\]{4,256}(?=["'\s\\]|$)/g,
    accepts: (secret) => !isWords(secret) || /^[a-z]{8,}$/.test(secret),
  },
  {
    // Oracle's, without quotes: ALTER USER app IDENTIFIED BY x; CONNECT app/x@db
    kind: "assigned-secret",
    hints: ["identified ", "connect"],
    expression: () =>
      /(\buser\s{1,4}[\w"$]{1,64}\s{1,4}identified\s{1,4}by\s{1,4}|(?:^|\n|\\n)\s{0,8}CONN(?:ECT)? [\w$]{1,64}\/)[A-Za-z][\w$#]{3,64}(?=[;\s@\\]|$)/gi,
    accepts: (secret) => isSecretText(secret, "password", "line"),
  },
  {
    // What a browser stores, and cookies that are named after a session.
    kind: "cookie",
    hints: ["httponly"],
    expression: () =>
      /("name\\{0,3}"\s{0,4}:\s{0,4}\\{0,3}"[^"\\]{1,64}\\{0,3}"\s{0,4},\s{0,24}\\{0,3}"value\\{0,3}"\s{0,4}:\s{0,4}\\{0,3}")[^"\\]{16,4096}/gi,
    accepts: (secret) => isSecretText(secret, "token", "quoted"),
  },
  {
    kind: "cookie",
    needs: "id=",
    hints: ["sessid=", "sessionid="],
    expression: () => /(\b(?:JSESSIONID|PHPSESSID|sessionid|ASP\.NET_SessionId)=)[\w%.-]{20,512}/gi,
  },
  {
    kind: "authorization",
    needs: "saml",
    hints: ["samlresponse", "samlassertion"],
    expression: () =>
      /(SAML(?:Response|Assertion)["']?\s{0,4}[=:]\s{0,4}["']?)[\w+/=%-]{40,65536}/g,
  },
  {
    // cloud-init's list for chpasswd.
    kind: "assigned-secret",
    needs: "pass",
    hints: ["chpasswd:"],
    expression: () =>
      /(?<=chpasswd:[^]{0,300})(\n[ \t]{2,12}(?!list|expire|users)[\w-]{1,32}:)[^\s"']{4,256}/g,
  },
  {
    // login=app:x, {PLAIN}x
    kind: "assigned-secret",
    hints: ["login=", "{plain}"],
    expression: () => /(\blogin=[\w.-]{1,64}:|\{PLAIN\})(?![${%])[^\s"'\\:]{6,256}/g,
  },
  {
    // The chat of IRC.
    kind: "assigned-secret",
    hints: ["ickserv"],
    expression: () =>
      /(\bNickServ[ :]{1,3}(?:identify|register) (?:[\w-]{1,32} (?=\S))?)(?![${%])[^\s"'\\]{6,256}(?=\s|$|\\)/gi,
    accepts: (secret) => isSecretText(secret, "password", "line"),
  },
  {
    // The keys of an account in Azure.
    kind: "named-secret",
    needs: "key",
    hints: ["keyname"],
    expression: () =>
      /("keyName\\{0,3}"\s{0,4}:\s{0,4}\\{0,3}"key\d\\{0,3}"[^{}]{0,160}?"value\\{0,3}"\s{0,4}:\s{0,4}\\{0,3}")[A-Za-z0-9+/]{40,100}={0,2}/g,
  },
  {
    // BitLocker's recovery key.
    kind: "recovery-key",
    needs: "pass",
    hints: ["numerical password"],
    expression: () => /(^|[^\d-])\d{6}(?:-\d{6}){7}(?![\d-])/g,
  },
  {
    // A wallet's words: "my seed phrase is …", "recovery phrase:⏎…"
    kind: "recovery-key",
    hints: ["phrase", "mnemonic"],
    expression: () =>
      /(\b(?:seed|recovery|secret|backup|mnemonic)(?: phrase| words)?(?: is| are)?:?\s{1,8}["']?)[a-z]{3,8}(?: {1,2}[a-z]{3,8}){11,23}(?=["'\s.,]|$)/gi,
  },
  {
    // Hardhat: accounts: ["0x…"]
    kind: "private-key",
    hints: ["accounts"],
    expression: () =>
      /(?<=accounts["']?\s{0,4}:\s{0,4}\[[^\]]{0,600})(["'])(?:0x)?[0-9a-f]{64}(?=["'])/g,
  },
  {
    // Twilio: Client("AC…", "x")
    kind: "twilio-key",
    hints: ["client("],
    expression: () => /(["']AC[0-9a-f]{32}\\{0,3}["']\s{0,4},\s{0,8}\\{0,3}["'])[0-9a-f]{32}/g,
  },
  {
    // "login with root / x", "credentials: app / x"
    kind: "assigned-secret",
    hints: ["credential", "login"],
    expression: () =>
      /(\b(?:credentials?|creds|login)(?: with| as| is| are)?:?[ \t]{1,4}[\w.@-]{1,64} ?\/ ?)[^\s"'`\\]{8,128}/gi,
    accepts: (secret) => isStrongPassword(secret),
  },
  {
    // auth=("app", "x"), "auth" => ["app", "x"], :basic, "app", "x"
    kind: "argument-secret",
    hints: ["auth", ":basic"],
    expression: () =>
      /((?:\b\w{0,16}auth["']?\s{0,4}(?:=>|[:=])\s{0,4}[[(]|:basic,|\bbasic_auth)\s{0,4}["'][^"'\n]{1,64}["']\s{0,4},\s{0,4}["'])[^"'\n]{3,256}(?=["'])/gi,
    // auth: ["admin", "editor"] are roles.
    accepts: (secret) =>
      isSecretText(secret, "password", "quoted") && !/^[a-z]{3,11}$/i.test(secret),
  },
  {
    // Cisco's: username app privilege 15 secret 0 x, snmp-server community x
    kind: "assigned-secret",
    hints: ["privilege ", "enable secret", "snmp-server"],
    expression: () => /(\b(?:secret|password) [05789] |\bsnmp-server community )[^\s"'\\]{3,256}/g,
  },
  {
    kind: "assigned-secret",
    needs: "pass",
    hints: ["set password"],
    expression: () => /(\bset password for [^=\n]{1,96}=\s{0,4}["'])[^"'\r\n\\]{3,256}/gi,
    accepts: (secret) => isSecretText(secret, "password", "quoted"),
  },
  {
    // SQLCipher: PRAGMA key = 'x'
    kind: "assigned-secret",
    hints: ["pragma"],
    expression: () =>
      /(\bpragma\s{1,4}(?:re)?key\s{0,4}=\s{0,4}\\{0,3}["']{1,2})[^"'\r\n\\]{4,256}/gi,
  },
  {
    // Go's data source names: app:x@tcp(db:3306)/shop, and Snowflake's: app:x@account/shop
    kind: "url-password",
    needs: "@",
    hints: ["@tcp(", "@unix(", "snowflake"],
    expression: () =>
      /((?:["'`\s=]|^)[\w.-]{1,64}:)(?!\/\/)[^\s"'`:/@]{1,128}(?:@[^\s"'`:/@]{1,64}){0,2}(?=@(?:tcp\(|unix\(|[\w.-]{1,64}\/[A-Z]\w{0,64}\/\w))/g,
    accepts: (secret) => isSecretText(secret, "password", "line"),
  },
  {
    // curl_setopt($ch, CURLOPT_USERPWD, 'app:x')
    kind: "argument-secret",
    needs: "pw",
    hints: ["userpwd"],
    expression: () =>
      /(CURLOPT_(?:PROXY)?USERPWD['"]?\s{0,4}(?:,|=>|=)\s{0,4}\\{0,3}["'][^"':]{0,128}:)(?!\$|\{)[^"'\r\n\\]{3,256}/g,
  },
  {
    // FTP, POP and IMAP by hand.
    kind: "argument-secret",
    needs: "pass",
    hints: ["pass "],
    expression: () =>
      /(\bUSER [^\s\\]{1,128}(?:\s|\\[nr]){1,8}(?:quote |raw )?PASS )(?!\$)[^\s"'\\]{3,256}/g,
    accepts: (secret) => isSecretText(secret, "password", "line"),
  },
  {
    // Redis' access list: user app on >x ~* +@all
    kind: "assigned-secret",
    hints: [" on >"],
    expression: () => /(\b(?:user|setuser) [^\s>]{1,64} on >)[^\s"'\\]{3,256}/gi,
  },
  {
    // Postfix: [smtp.example.org]:587 app:x
    kind: "assigned-secret",
    needs: "]:",
    hints: ["]:587", "]:465", "]:25", "]:submission"],
    expression: () =>
      /(\[[\w.-]{1,128}\]:(?:\d{2,5}|submissions?)\s{1,16}[^\s:]{1,128}:)[^\s"'\\]{3,256}/g,
  },
  {
    // strongSwan: alice : EAP "x"
    kind: "assigned-secret",
    hints: ["psk", ": eap ", "xauth"],
    expression: () => /(: (?:PSK|EAP|XAUTH) \\{0,3}["'])[^"'\r\n\\]{3,256}/g,
  },
  {
    // Robot Framework: Input Password    id:pw    x
    kind: "argument-secret",
    needs: "pass",
    hints: ["input password"],
    expression: () =>
      /(\binput password(?: {2,16}|\t)[^\s]{1,128}(?: [^\s]{1,64}){0,4}(?: {2,16}|\t))(?![$%{])[^\s\\]{3,256}/gi,
  },
  {
    // A cookie jar of Netscape's form: host, subdomains, path, secure, expiry, name, value.
    kind: "cookie",
    needs: "\\t",
    hints: ["\\t/\\t"],
    expression: () =>
      /(\t(?:TRUE|FALSE)\t\/[^\t\n]{0,128}\t(?:TRUE|FALSE)\t\d{1,12}\t[^\t\n]{1,128}\t)[^\s]{8,4096}/g,
    accepts: (secret) => isSecretText(secret, "token", "line"),
  },
  {
    // The keys of test accounts, as Anvil, Hardhat and Ganache list them.
    kind: "private-key",
    needs: "key",
    hints: ["private keys"],
    expression: () => /(\(\d{1,3}\) )(?:0x)?[0-9a-f]{64}(?![0-9a-f])/g,
  },
  {
    // Solana's id.json: the 64 bytes of a key pair and nothing else.
    kind: "private-key",
    hints: ['"['],
    expression: () =>
      /(^\s{0,4}\[)\s{0,4}(?:\d{1,3}\s{0,4},\s{0,4}){63}\d{1,3}(?=\s{0,4}\]\s{0,4}$)/g,
  },
  {
    // Bitcoin's wallet import format.
    kind: "private-key",
    hints: ["privkey", "bitcoin"],
    isToken: true,
    expression: () => /[5KLc9][1-9A-HJ-NP-Za-km-z]{50,51}(?![0-9A-Za-z])/g,
    accepts: (secret) => /\d.{0,50}\d/.test(secret),
  },
  {
    // The console's CSV: the id, which is masked by now, and its secret.
    kind: "aws-secret-key",
    hints: ["akia"],
    expression: () =>
      /(\[redacted:aws-access-key\]["']?[,;|\t ]{1,4}["']?)[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/g,
  },
  {
    // What is to be guessed from it may be found in hours: /etc/shadow, .htpasswd.
    kind: "password-hash",
    needs: "$",
    hints: ["$2a$", "$2b$", "$2y$", "$apr1$", "$1$", "$5$", "$6$", "$y$", "$argon2"],
    expression: () =>
      /(:|users=[\w.-]{1,64}:)\${1,2}(?:2[aby]\${1,2}\d{2}\${1,2}[./A-Za-z0-9]{53}|(?:apr1|1|5|6|y)\${1,2}[./A-Za-z0-9=$]{20,160}|argon2\w{1,2}\$[\w=,$+/]{40,256})/g,
  },
  {
    // sudo -S apt-get update <<< 'x', wrangler secret put NAME <<< x
    kind: "argument-secret",
    hints: ["<<<"],
    expression: () =>
      /(\b(?:sudo\s[^|;\n]{0,64}-S|secrets? (?:put|set|create|add)|keyring set|env add|login|cryptsetup|kinit)\b[^|;\n]{0,160}<<<\s{0,4}\\{0,3}["']?)(?!\$)[^\s"'$`|\\]{4,256}/g,
  },
];

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

function isCredential(secret: string): boolean {
  return isSecretText(secret, "token", "line") && !isWords(secret);
}

function isBasicCredential(secret: string): boolean {
  if (secret.length % 4 === 1) return false;
  try {
    return /^[\x21-\x7e]{1,256}:[\x20-\x7e]{1,1024}$/.test(atob(secret));
  } catch {
    return false;
  }
}
