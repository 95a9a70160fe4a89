#!/bin/sh
# Installs claude-session-hooks: downloads the programs for this system, verifies and tests them, puts them into
# ~/.claude/hooks, and registers the hooks with Claude Code. Needs no Node, no Bun and no compiler.
set -eu
# Variables of a shell's user that would change what cd, tar and xz do.
unset CDPATH TAR_OPTIONS XZ_DEFAULTS XZ_OPT GZIP GREP_OPTIONS POSIXLY_CORRECT
# The reasons that tar gives are looked for in English.
LC_ALL=C
export LC_ALL

usage() {
  cat <<'EOF'
Installs claude-session-hooks, or replaces the installed version.

usage: install.sh [OPTION]... [-- ARGUMENT...]

  --from URL         take the release from a folder or an https: or file: address (http: only on this
                     machine); default: the variable CLAUDE_SESSION_RELEASE, else the published release
  --version VERSION  install this version, not the latest
  --prefix FOLDER    put the programs into this folder, not ~/.claude/hooks
  --separate         keep each program as a file of its own; otherwise they share one runtime on the disk
  --no-register      do not change Claude Code's settings
  --dry-run          print what would happen, and change nothing
  --uninstall        remove the hooks from the settings, then the programs; the log stays
  --help             print this help

Arguments after -- are passed to `claude-session install`, e.g. -- --events all.
EOF
}

# The address of the releases; each release fills it in.
releases=""

name=claude-session-hooks
programs="claude-session session-start session-end session-event pre-tool-use post-tool-use"

main() {
  from=
  version=
  prefix=
  separate=
  register=yes
  dry_run=
  uninstall=
  while [ $# -gt 0 ]; do
    case $1 in
      --from | --version | --prefix)
        [ -n "${2-}" ] || wrong_usage "$1 needs a value"
        case $1 in
          --from) from=$2 ;;
          --version) version=${2#v} ;;
          --prefix) prefix=$2 ;;
        esac
        shift
        ;;
      --separate) separate=yes ;;
      --no-register) register= ;;
      --dry-run) dry_run=yes ;;
      --uninstall) uninstall=yes ;;
      -h | --help)
        usage
        return
        ;;
      --)
        shift
        break
        ;;
      *) wrong_usage "unknown option $1" ;;
    esac
    shift
  done
  case $version in
    *[!0-9A-Za-z.+-]*) wrong_usage "--version: not a version: $version" ;;
  esac
  prefix_given=$prefix
  hooks=$(hooks_folder)
  temporary=
  trap clean_up EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  if [ -n "$uninstall" ]; then
    uninstall
  else
    install "$@"
  fi
}

install() {
  platform=$(detect_platform)
  release=$(release_folder)
  sums=$(fetch "$release/SHA256SUMS" -) || die "could not download $release/SHA256SUMS"
  line=$(choose_archive)
  checksum=${line%% *}
  archive=${line##* }
  folder=${archive%.tar.xz}
  version=${folder#"$name-"}
  version=${version%"-$platform"}
  for program in $programs; do
    require_ours "$hooks/$program"
  done
  [ -n "$prefix" ] || require_own_home
  if [ -n "$dry_run" ]; then
    say "Would install $name $version for $platform"
    say "  from  $release/$archive"
    say "  into  $hooks$(installed_version)"
    [ -z "$register" ] || say "  then run  claude-session install${*:+ $*}"
    return
  fi

  make_temporary
  say "Downloading $name $version for $platform"
  fetch "$release/$archive" "$temporary/$archive" ||
    die "could not download $release/$archive or write it to $hooks; is the disk full?"
  [ "$(sha256 "$temporary/$archive")" = "$checksum" ] ||
    die "$archive does not match SHA256SUMS, so it was damaged or changed. Nothing was unpacked."
  unpack
  for program in $programs; do
    self_test "$program"
  done
  put_in_place
  say "Installed the programs of version $version into $hooks"
  arrange
  place_shell_files
  if [ -z "$register" ]; then
    say "The hooks are not registered. To register them: $hooks/claude-session install"
  else
    run_program "$hooks/claude-session" install "$@" ||
      die "the programs are installed, but registering the hooks failed. Fix what is reported above, then run: $hooks/claude-session install${*:+ $*}"
  fi
  case :${PATH-}: in
    *:"$hooks":*) ;;
    *) say "To run claude-session without its path, add $hooks to your PATH." ;;
  esac
}

uninstall() {
  found=
  for program in $programs; do
    [ ! -e "$hooks/$program" ] || found="$found $program"
    require_ours "$hooks/$program"
  done
  if [ -z "$found" ]; then
    say "Nothing to remove: none of our programs is in $hooks."
    return
  fi
  if [ -n "$dry_run" ]; then
    [ -z "$register" ] || say "Would run  claude-session uninstall"
    say "Would remove$found from $hooks"
    return
  fi
  # If a registered program is missing, Claude Code shows an error on every event: so the settings come first.
  if [ -n "$register" ]; then
    [ -x "$hooks/claude-session" ] ||
      die "$hooks/claude-session is missing, and only it can remove the hooks from the settings. Install again, then uninstall."
    run_program "$hooks/claude-session" uninstall ||
      die "the hooks are still in Claude Code's settings, so the programs were not removed."
    # An entry that also runs something else stays. It ends with 1 for that, and with 2 where 0.1.0 has no such option.
    code=0
    run_program "$hooks/claude-session" uninstall --programs --dry-run >/dev/null 2>&1 || code=$?
    [ "$code" -ne 1 ] ||
      die "entries that also run something else still start the programs, so the programs were not removed."
  fi
  for program in $found; do
    rm -f "$hooks/$program" || die "could not remove $hooks/$program"
  done
  rm -f "$hooks/.$name.form"
  remove_shell_files
  # Only if it is empty.
  rmdir "$hooks" 2>/dev/null || true
  say "Removed$found from $hooks"
}

# The programs look for it in the same way: a relative path in the variable is ignored.
hooks_folder() {
  case $prefix in
    /*) ;;
    ?*) prefix=$PWD/$prefix ;;
    *)
      case ${CLAUDE_CONFIG_DIR-} in
        /*) prefix=$CLAUDE_CONFIG_DIR/hooks ;;
        *)
          case ${HOME-} in
            /*) prefix=$HOME/.claude/hooks ;;
            *) die "HOME is not set; use --prefix FOLDER" ;;
          esac
          ;;
      esac
      ;;
  esac
  printf '%s\n' "${prefix%/}"
}

detect_platform() {
  machine=$(uname -m)
  case $(uname -s) in
    Linux) os=linux ;;
    Darwin)
      os=darwin
      # Under Rosetta, uname says x86_64 on Apple's own processors.
      [ "$(sysctl -n sysctl.proc_translated 2>/dev/null)" != 1 ] || machine=arm64
      ;;
    MINGW* | MSYS* | CYGWIN*) die "this is Windows: use install.ps1 in PowerShell" ;;
    *) die "no release for this system: $(uname -s)" ;;
  esac
  case $machine in
    x86_64 | amd64) machine=x64 ;;
    aarch64 | arm64) machine=arm64 ;;
    *) die "no release for this processor: $machine" ;;
  esac
  if [ "$os" = linux ] && uses_musl; then
    printf '%s\n' "$os-$machine-musl"
  else
    printf '%s\n' "$os-$machine"
  fi
}

# A musl loader alone proves nothing: Debian has one as a package. What the system's own tools use counts.
uses_musl() {
  ! getconf GNU_LIBC_VERSION >/dev/null 2>&1 || return 1
  case $(ldd --version 2>&1 || true) in
    *musl*) return 0 ;;
    *GLIBC* | *"GNU libc"*) return 1 ;;
  esac
  for loader in /lib/ld-musl-*; do
    [ ! -e "$loader" ] || return 0
  done
  return 1
}

# The address of the release's files, without a slash at the end.
release_folder() {
  address=${from:-${CLAUDE_SESSION_RELEASE-}}
  if [ -z "$address" ]; then
    [ -n "$releases" ] || die "this copy of install.sh has no address of releases; use --from URL"
    address=$releases/latest/download
    [ -z "$version" ] || address=$releases/download/v$version
  fi
  [ ! -d "$address" ] || address=file://$(cd "$address" && pwd)
  case $address in
    https://* | file:///*) ;;
    http://*@*) die "not a release address: $address" ;;
    http://127.0.0.1[:/]* | http://localhost[:/]* | "http://[::1]"*) ;;
    http://*) die "plain http only works on this machine: anyone on the way could change the programs and their checksums" ;;
    *) die "not a release address: $address" ;;
  esac
  printf '%s\n' "${address%/}"
}

# The line of SHA256SUMS for this platform and, if one was given, this version.
choose_archive() {
  lines=$(printf '%s\n' "$sums" |
    grep -E "^[0-9a-f]{64}  $name-[0-9]+\.[0-9]+\.[0-9]+[0-9A-Za-z.+-]*-$platform\.tar\.xz\$") || lines=
  if [ -n "$version" ]; then
    lines=$(printf '%s\n' "$lines" | grep -F "  $name-$version-$platform.tar.xz") ||
      die "$release has no version $version for $platform"
  fi
  case $lines in
    "") die "$release has no programs for $platform" ;;
    *"
"*) die "$release has several versions; use --version VERSION" ;;
  esac
  printf '%s\n' "$lines"
}

# Downloads an address to a file, or to stdout if that is "-".
fetch() {
  case $1 in
    file://*)
      if [ "$2" = - ]; then cat "${1#file://}"; else cp "${1#file://}" "$2"; fi
      return
      ;;
    https://*) only=https redirects=5 ;;
    # On this machine: a redirect could lead to another one.
    *) only=http redirects=0 ;;
  esac
  # To stdout: the curl of snap cannot write below a hidden folder.
  if [ "$2" = - ]; then exec 3>&1; else exec 3>"$2"; fi
  if command -v curl >/dev/null; then
    meter=-sS
    [ ! -t 2 ] || meter=--progress-bar
    # -q: a .curlrc may add headers to the file.
    curl -q -fL "$meter" --proto "=$only" --proto-redir "=$only" --max-redirs "$redirects" \
      --connect-timeout 20 --speed-limit 1000 --speed-time 30 --retry 2 "$1" >&3
  elif command -v wget >/dev/null; then
    fetch_with_wget "$1"
  else
    die "neither curl nor wget is installed; install one of them"
  fi
}

# To descriptor 3. wget follows redirects to plain http, so each is looked at here.
fetch_with_wget() {
  next=$1
  case $(wget --version 2>/dev/null || true) in
    # Wget2 follows redirects even if it may follow none.
    *"GNU Wget 1."*) ;;
    *)
      [ "$only" = http ] || die "this wget follows redirects to plain http; install curl or GNU wget 1"
      wget -q -O - "$next" >&3
      return
      ;;
  esac
  while ! answer=$(wget --no-config -q -S --max-redirect=0 --timeout=30 -O - "$next" 2>&1 >&3); do
    here=$next
    next=$(printf '%s\n' "$answer" | sed -n "s/$(printf '\r')\$//; s/^ *[Ll]ocation: *//p" | sed -n '$p')
    case $next in
      //*) next=https:$next ;;
      /*) next=$(printf '%s\n' "$here" | sed 's|^\(https://[^/]*\).*|\1|')$next ;;
    esac
    case $redirects:$next in
      0:* | *:) return 1 ;;
      *:https://*) ;;
      *) die "$1 leads to $next, which is not https" ;;
    esac
    redirects=$((redirects - 1))
  done
}

sha256() {
  if command -v sha256sum >/dev/null; then
    sha256sum <"$1"
  elif command -v shasum >/dev/null; then
    shasum -a 256 <"$1"
  elif command -v openssl >/dev/null; then
    openssl dgst -sha256 -r <"$1"
  else
    die "sha256sum, shasum or openssl is needed to verify the download; install one of them"
  fi | sed 's/ .*//'
}

# A temp folder next to the programs, so that a rename puts them in place. Those that killed runs left are removed.
make_temporary() {
  # As the user wants it, but nobody else may write there, and the user may.
  umask u+rwx,go-w
  mkdir -p "$hooks" || die "could not create $hooks"
  find "$hooks/" -maxdepth 1 -type d -name ".$name.*" -mmin +60 -exec rm -rf {} + 2>/dev/null || true
  temporary=$(mktemp -d "$hooks/.$name.XXXXXX") || die "could not write to $hooks"
}

# Lists the archive first, and unpacks only what it knows: no links, and no names with ../ in them. If xz is
# installed, tar need not support it; the tar of macOS does.
unpack() {
  cd "$temporary"
  if command -v xz >/dev/null; then
    decompress="xz -dc"
    flags=
  else
    decompress="cat"
    flags=J
  fi
  errors=$({ $decompress "$archive" | tar "-tv${flags}f" - >members; } 2>&1) || explain_tar "read $archive"
  while read -r member; do
    path=${member##* }
    rest=${path#"$folder/"}
    case $member in
      [-d]*) [ "$path" != "$rest" ] || rest=/ ;;
      *) rest=/ ;;
    esac
    case $rest in
      *[!A-Za-z0-9.-]*) die "$archive has an unexpected member: \"$member\". Nothing was unpacked." ;;
    esac
  done <members
  for program in $programs; do
    set -- "$@" "$folder/$program"
  done
  errors=$({ $decompress "$archive" | tar "-xo${flags}f" - "$@"; } 2>&1) || explain_tar "unpack $archive"
  rm -f "$archive"
  for program in $programs; do
    if [ ! -f "$folder/$program" ] || [ -h "$folder/$program" ]; then
      die "$archive lacks the program $program"
    fi
    chmod 755 "$folder/$program"
  done
  cd - >/dev/null
}

# Ends with the reason why tar failed.
explain_tar() {
  case $errors in
    *"No space left"* | *"Disk quota"* | *"write error"* | *"Write error"* | *"short write"*)
      die "could not $1: the disk of $hooks is full. An installation needs 900 MB, of which it gives back most when it is done. Nothing was replaced."
      ;;
  esac
  case $(xz --version 2>&1 || true) in
    *"XZ Utils"*) ;;
    # The xz of BusyBox stops at a window of 64 MiB; ours is 128.
    *) die "could not $1: this needs XZ Utils; install the package xz-utils or xz." ;;
  esac
  die "could not $1: $(printf '%s\n' "$errors" | sed 3q)"
}

# The first start of a new program. A broken one must never get to where Claude Code would start it.
self_test() {
  report=$(run_program "$temporary/$folder/$1" --self-test 2>&1) || report="failed: $report"
  [ "$(printf '%s\n' "$report" | sed 1q)" = "$1 $version" ] && return
  printf '%s\n' "$report" >&2
  case $platform in
    *-musl) die "$1 failed its self-test; nothing was replaced. It may need the C++ library: apk add libstdc++" ;;
    *) die "$1 failed its self-test; nothing was replaced" ;;
  esac
}

# Passes only variables that say where things are: some others would stop the runtime.
run_program() {
  env -i PATH="${PATH-/usr/bin:/bin}" ${HOME+HOME="$HOME"} ${TMPDIR+TMPDIR="$TMPDIR"} \
    ${CLAUDE_CONFIG_DIR+CLAUDE_CONFIG_DIR="$CLAUDE_CONFIG_DIR"} \
    ${CLAUDE_SESSION_HOME+CLAUDE_SESSION_HOME="$CLAUDE_SESSION_HOME"} \
    ${CLAUDE_SESSION_DIR+CLAUDE_SESSION_DIR="$CLAUDE_SESSION_DIR"} \
    ${TERM+TERM="$TERM"} ${COLUMNS+COLUMNS="$COLUMNS"} ${NO_COLOR+NO_COLOR="$NO_COLOR"} "$@" </dev/null
}

# Six renames. A running program keeps its old file. If a rename fails, or a signal comes between two of them, the
# old programs are put back: there are always six of one version.
put_in_place() {
  mkdir "$temporary/old"
  for program in $programs; do
    [ ! -e "$hooks/$program" ] || ln "$hooks/$program" "$temporary/old/$program" 2>/dev/null ||
      cp -p "$hooks/$program" "$temporary/old/$program" || die "could not back up the old $program; nothing was replaced"
  done
  placed=
  for program in $programs; do
    placed="$placed $program"
    mv -f "$temporary/$folder/$program" "$hooks/$program" ||
      die "could not write $hooks/$program; the old programs were put back"
  done
  placed=
}

# Six files take 670 MB, so they share what is the same, unless the user chose otherwise, now or before. Programs that tar
# wrote start slower, so they are rewritten in both forms. Where that fails, they stay as they are, and work.
arrange() {
  form=--link
  case $separate:$(cat "$hooks/.$name.form" 2>/dev/null || true) in
    yes:* | :separate) form=--separate ;;
  esac
  run_program "$hooks/claude-session" install --no-register "$form" ||
    say "The programs stay as they are."
}

# Where shells and man look for files of a user, and the command that prints each.
shell_files="bash-completion/completions/claude-session completions bash
zsh/site-functions/_claude-session completions zsh
fish/vendor_completions.d/claude-session.fish completions fish
man/man1/claude-session.1 man"

# The folder of these files; nothing for programs in a folder that the user chose, which may be another system's.
data_folder() {
  [ -z "$prefix_given" ] || return 0
  case ${XDG_DATA_HOME-}:${HOME-} in
    /*) printf '%s\n' "${XDG_DATA_HOME%/}" ;;
    *:/*) printf '%s\n' "$HOME/.local/share" ;;
  esac
}

# Completions and the man page. Without them everything works, so what fails here is only said.
place_shell_files() {
  data=$(data_folder)
  [ -n "$data" ] || return 0
  printf '%s\n' "$shell_files" | while read -r path command; do
    is_absent_or_ours "$data/$path" || continue
    # Word by word.
    # shellcheck disable=SC2086
    if ! { mkdir -p "$data/${path%/*}" && run_program "$hooks/claude-session" $command >"$data/$path.new" &&
      chmod 644 "$data/$path.new" && mv -f "$data/$path.new" "$data/$path"; } 2>/dev/null; then
      rm -f "$data/$path.new"
      say "Could not write $data/$path."
    fi
  done
}

remove_shell_files() {
  data=$(data_folder)
  [ -d "${data:-/nowhere}" ] || return 0
  printf '%s\n' "$shell_files" | while read -r path command; do
    is_absent_or_ours "$data/$path" && rm -f "$data/$path"
    # Only if they are empty.
    (cd "$data" && rmdir -p "${path%/*}") 2>/dev/null || true
  done
  [ "$data" != "${HOME-}/.local/share" ] || (cd "$HOME" && rmdir -p .local/share) 2>/dev/null || true
}

is_absent_or_ours() {
  [ ! -e "$1" ] && [ ! -h "$1" ] && return
  [ -f "$1" ] && [ ! -h "$1" ] && grep -q "$name" "$1"
}

# What root makes in the home of a user, such as ~/.claude, the user cannot change. Root has the root of all folders.
require_own_home() {
  [ -O / ] || return 0
  near=$hooks
  until [ -e "${near:-/}" ]; do near=${near%/*}; done
  [ -O "${near:-/}" ] || die "$near belongs to another user: run this as that user, without sudo"
}

# Existing files are never overwritten unless they are ours: all our programs contain the name of the project.
require_ours() {
  [ ! -e "$1" ] && [ ! -h "$1" ] && return
  [ -f "$1" ] || die "$1 exists and is not a file; move it away, or use --prefix"
  LC_ALL=C grep -q "$name" "$1" || die "$1 exists and is not ours; move it away, or use --prefix"
}

installed_version() {
  [ ! -x "$hooks/claude-session" ] && return
  installed=$(run_program "$hooks/claude-session" --version 2>/dev/null) || installed="a version that does not run"
  printf ', replacing %s\n' "$installed"
}

clean_up() {
  status=$?
  set +e
  trap '' HUP INT TERM
  [ -n "$temporary" ] || return $status
  for program in ${placed-}; do
    if [ -e "$temporary/old/$program" ]; then
      mv -f "$temporary/old/$program" "$hooks/$program"
    else
      rm -f "$hooks/$program"
    fi
  done
  rm -rf "$temporary"
  return $status
}

say() {
  printf '%s\n' "$*"
}

die() {
  printf 'install.sh: %s\n' "$*" >&2
  exit 1
}

wrong_usage() {
  printf 'install.sh: %s\n\n' "$*" >&2
  usage >&2
  exit 2
}

# In the last line, so that half of this file, piped into a shell, does nothing.
main "$@"
