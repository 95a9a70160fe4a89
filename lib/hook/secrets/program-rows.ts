// The programs that get secrets as arguments without a telling name, and how: from their manuals.

/**
 * How a program is given a secret:
 * - `next`: in the word after the option, or joined to it by an equals sign: `-p X`, `--pass=X`; also joined without
 *   one if the option has a `+`, and only so if it has an asterisk: `mysql -pX`;
 * - `pair`: like `next`, behind the user's name and a colon, a comma, a percent sign or a slash: `-u bob:X`;
 * - `after`: in the last word after this one that is no option: `cargo login X`; or in the Nth of them: `set>4` is the
 *   last word of `mc alias set NAME URL KEY X`;
 * - `assigned`: behind every equals sign: `fly secrets set A=X`;
 * - `cookie`: likewise, if the value looks like a token: `curl -b session=X`;
 * - `both`: like `after`, in all of the word `name:X`, because the name is a secret, too.
 */
export type How = "next" | "pair" | "after" | "assigned" | "cookie" | "both";
/**
 * Programs, a word that must be among their arguments or "", how, and the options or words. `-~b` is a word of options
 * that has this one: `-b`, `-nbB`.
 */
export type ProgramRow = readonly [programs: string, when: string, how: How, options: string];

export const PROGRAM_ROWS: readonly ProgramRow[] = [
  [
    "mysql mysqldump mysqladmin mysqlimport mysqlcheck mysqlsh mariadb mariadb-dump mariadb-admin mycli mysqlslap mysqlbinlog xtrabackup taos",
    "",
    "next",
    "-p*",
  ],
  [
    "mongosh mongo mongodump mongorestore mongoexport mongoimport mongostat mongotop cqlsh nodetool cypher-shell rabbitmqadmin hdbsql couchbase-cli cbq surreal smbmap crackmapexec netexec nxc evil-winrm bloodhound-python hydra psexec rdesktop racadm ncftp ncftpput ncftpget yt-dlp youtube-dl steghide outguess mutool veracrypt vsce ovsx conan airflow supabase",
    "",
    "next",
    "-p",
  ],
  ["redis-cli valkey-cli", "", "next", "-a --pass"],
  ["redis-cli valkey-cli", "AUTH", "after", "AUTH"],
  ["sqlcmd bcp osql isql mssql-cli tsql", "", "next", "-P+"],
  ["influx beeline", "", "next", "-p -password"],
  ["influx", "", "next", "-t --token"],
  ["vsql kadmin odoo", "", "next", "-w"],
  ["db2", "using", "after", "using"],
  ["neo4j-admin", "set-initial-password", "after", "set-initial-password>1"],
  ["grafana-cli", "reset-admin-password", "after", "reset-admin-password>1"],
  ["drush", "", "after", "user:password>2 upwd>2"],
  ["sqlplus sqlldr expdp impdp rman", "", "pair", ""],
  [
    "ldapsearch ldapadd ldapmodify ldapdelete ldapmodrdn ldapcompare ldapwhoami ldappasswd ldapexop",
    "",
    "next",
    "-w -s -a",
  ],
  ["curl", "", "pair", "-u+ --user -U+ --proxy-user"],
  ["curl", "", "next", "--oauth2-bearer --pass --proxy-pass --tlspassword"],
  ["curl", "", "cookie", "-b --cookie"],
  ["wget http https xh", "", "cookie", "Cookie:"],
  ["http https xh httpie hey oha transmission-remote", "", "pair", "-a --auth"],
  ["transmission-remote", "", "pair", "-n"],
  ["ab", "", "pair", "-A -P"],
  ["ab", "", "cookie", "-C"],
  ["etcdctl hurl", "", "pair", "--user"],
  ["nikto", "", "pair", "-id"],
  ["lftp", "", "pair", "-u"],
  ["skopeo buildah podman", "", "pair", "--creds --src-creds --dest-creds"],
  ["java jenkins-cli", "-auth", "pair", "-auth"],
  [
    "docker podman nerdctl buildah skopeo helm oras crane az oc cf ibmcloud jf glab argocd regctl cosign",
    "login",
    "next",
    "-p -t --token",
  ],
  ["twine poetry dotnet expo eas nuget", "", "next", "-p"],
  ["dotnet choco", "", "next", "-k --api-key"],
  ["nuget", "push", "after", "push>2"],
  ["nuget", "setapikey", "after", "setapikey>1"],
  ["dotnet", "user-secrets", "after", "set>2"],
  ["hatch", "publish", "next", "-a --auth"],
  ["uv vercel codecov doctl", "", "next", "-t --token"],
  ["sshpass", "", "next", "-p+"],
  ["7z 7za 7zz 7zr rar unrar", "", "next", "-p*"],
  ["zip unzip zipcloak", "", "next", "-P"],
  ["openssl", "", "next", "-passin -passout -pass -k -K -hmac -macopt"],
  ["openssl", "passwd", "after", "passwd"],
  ["mkpasswd", "", "after", "mkpasswd"],
  ["oathtool", "", "after", "oathtool"],
  ["pdftk", "", "next", "user_pw owner_pw input_pw"],
  ["qpdf", "--encrypt", "after", "--encrypt>1 --encrypt>2"],
  ["pdftotext pdftoppm pdfimages pdfinfo pdfcpu", "", "next", "-upw -opw"],
  ["smbclient rpcclient smbget net winexe", "", "pair", "-U --user"],
  ["ssh-keygen", "", "next", "-N -P"],
  ["net", "use", "after", "/user:* use>2 use>3"],
  ["net", "user", "after", "user>2"],
  ["wpa_passphrase", "", "after", "wpa_passphrase>2"],
  ["dscl", "-passwd", "after", "-passwd>2"],
  ["snmpwalk snmpget snmpset snmpbulkwalk", "", "next", "-A -X"],
  ["ipmitool mosquitto_pub mosquitto_sub", "", "next", "-P"],
  ["plink pscp psftp", "", "next", "-pw"],
  ["xfreerdp wlfreerdp cmdkey wmic", "", "next", "/p:+ /pass:+ /password:+"],
  ["schtasks", "", "next", "/rp /p"],
  ["signtool", "", "next", "/p"],
  ["altool", "", "next", "-p"],
  ["security", "", "next", "-w -p -P"],
  ["nmcli", "password", "after", "password"],
  ["rabbitmqctl", "", "after", "add_user change_password authenticate_user"],
  ["htpasswd mosquitto_passwd", "", "after", "-~b"],
  ["useradd usermod", "", "next", "-p"],
  ["cargo wandb", "login", "after", "login"],
  ["vault", "login", "after", "login"],
  ["snyk doppler", "auth", "after", "auth"],
  ["ngrok", "", "after", "authtoken add-authtoken"],
  ["bw", "unlock", "after", "unlock"],
  ["shodan", "init", "after", "init>1"],
  ["b2", "", "after", "authorize>2 authorize-account>2 authorize_account>2"],
  ["mc", "alias", "after", "set>4"],
  ["mc", "user", "after", "add>3"],
  ["cypress", "run", "next", "--key"],
  ["netbird", "", "next", "-k --setup-key"],
  [
    "bitcoin-cli litecoin-cli dogecoin-cli",
    "",
    "after",
    "importprivkey>1 walletpassphrase>1 encryptwallet>1",
  ],
  ["bundle", "config", "both", "config"],
  ["rclone", "obscure", "after", "obscure"],
  ["gh glab", "set", "next", "-b --body -v --value"],
  ["aws", "secretsmanager", "next", "--secret-string"],
  ["aws", "put-parameter", "next", "--value"],
  ["az", "secret", "next", "--value"],
  ["kubectl oc", "secret", "assigned", "--from-literal"],
  ["fly flyctl supabase doppler", "secrets", "assigned", ""],
  ["heroku", "config:set", "assigned", ""],
  [
    "composer poetry",
    "config",
    "after",
    "http-basic.* pypi-token.* github-oauth.* gitlab-token.* bearer.*",
  ],
  ["ConvertTo-SecureString", "", "next", "-String"],
  ["ConvertTo-SecureString", "", "after", "ConvertTo-SecureString"],
  ["gitlab-runner", "register", "next", "-r"],
];
