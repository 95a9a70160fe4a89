#!/bin/sh
# Installs claude-session-hooks: downloads the programs for this system, checks and tries them, puts them
# into ~/.claude/hooks, and registers the hooks with Claude Code. Needs no Node, no Bun and no compiler.
set -eu

usage() {
  cat <<'EOF'
Installs claude-session-hooks, or another version of it over the one that is there.

usage: install.sh [OPTION]... [-- WORD...]

  --from URL        where the release is: a folder here, or its address by https:, file:, or http: on
                    this machine (or in the variable CLAUDE_SESSION_RELEASE)
  --version VERSION another version than the latest
  --prefix FOLDER   where the programs go, instead of ~/.claude/hooks
  --no-register     leave Claude Code's settings alone
  --dry-run         say what would be done, and do nothing
  --uninstall       take the hooks out of the settings and remove the programs; what was recorded stays
  --help            this

What follows -- is given to `claude-session install`, e.g. -- --events all --link.
EOF
}

# Where releases are published, which a release writes into its copy of this file.
releases=""

name=claude-session-hooks
programs="claude-session session-start session-end session-event pre-tool-use post-tool-use"

main() {
  from=
  version=
  prefix=
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
      *) wrong_usage "there is no option $1" ;;
    esac
    shift
  done
  case $version in
    *[!0-9A-Za-z.+-]*) wrong_usage "--version: not a version: $version" ;;
  esac
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
  sums=$(fetch "$release/SHA256SUMS" -) || die "could not get $release/SHA256SUMS"
  line=$(choose_archive)
  checksum=${line%% *}
  archive=${line##* }
  folder=${archive%.tar.xz}
  version=${folder#"$name-"}
  version=${version%"-$platform"}
  for program in $programs; do
    refuse_others "$hooks/$program"
  done
  if [ -n "$dry_run" ]; then
    say "Would install $name $version for $platform"
    say "  from  $release/$archive"
    say "  into  $hooks$(installed_version)"
    [ -z "$register" ] || say "  and run  claude-session install${*:+ $*}"
    return
  fi

  make_temporary
  say "Downloading $name $version for $platform"
  fetch "$release/$archive" "$temporary/$archive" ||
    die "could not get $release/$archive, or to write it: is there room on the disk of $hooks?"
  [ "$(sha256 "$temporary/$archive")" = "$checksum" ] ||
    die "$archive is not what SHA256SUMS says: it was damaged on the way, or changed. Nothing was unpacked."
  unpack
  for program in $programs; do
    try_program "$program"
  done
  put_in_place
  say "Installed the programs of version $version into $hooks"
  if [ -z "$register" ]; then
    say "They are not registered; \`$hooks/claude-session install\` does that."
  else
    run_program "$hooks/claude-session" install "$@" ||
      die "the programs are there, but not all of the rest. Mend what is said above, and run \`$hooks/claude-session install${*:+ $*}\`."
  fi
  case :${PATH-}: in
    *:"$hooks":*) ;;
    *) say "To call claude-session by its name, put $hooks on your PATH." ;;
  esac
}

uninstall() {
  found=
  for program in $programs; do
    [ ! -e "$hooks/$program" ] || found="$found $program"
    refuse_others "$hooks/$program"
  done
  if [ -z "$found" ]; then
    say "There are no programs of ours in $hooks."
    return
  fi
  if [ -n "$dry_run" ]; then
    [ -z "$register" ] || say "Would run  claude-session uninstall"
    say "Would remove$found from $hooks"
    return
  fi
  # A registered program that is missing is an error message on every event: the settings come first.
  if [ -n "$register" ]; then
    [ -x "$hooks/claude-session" ] ||
      die "there is no $hooks/claude-session to take the hooks out of the settings. Install again, then uninstall."
    run_program "$hooks/claude-session" uninstall ||
      die "the hooks are still in Claude Code's settings, so the programs stay."
  fi
  for program in $found; do
    rm -f "$hooks/$program" || die "could not remove $hooks/$program"
  done
  # Only where nothing else is in it.
  rmdir "$hooks" 2>/dev/null || true
  say "Removed$found from $hooks"
}

# As the programs themselves find it: a relative path in the variable is ignored.
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
            *) die "HOME is not set; say where the programs go, by --prefix" ;;
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
      # A shell that is translated says x86_64 on Apple's own processors.
      [ "$(sysctl -n sysctl.proc_translated 2>/dev/null)" != 1 ] || machine=arm64
      ;;
    MINGW* | MSYS* | CYGWIN*) die "this is Windows: use install.ps1, in PowerShell" ;;
    *) die "there are no programs for $(uname -s)" ;;
  esac
  case $machine in
    x86_64 | amd64) machine=x64 ;;
    aarch64 | arm64) machine=arm64 ;;
    *) die "there are no programs for the processor $machine" ;;
  esac
  if [ "$os" = linux ] && uses_musl; then
    printf '%s\n' "$os-$machine-musl"
  else
    printf '%s\n' "$os-$machine"
  fi
}

# A musl loader alone says nothing: Debian has one as a package. What the system's own tools use counts.
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

# An address without a slash at its end, below which the files of the release are.
release_folder() {
  address=${from:-${CLAUDE_SESSION_RELEASE-}}
  if [ -z "$address" ]; then
    [ -n "$releases" ] || die "this copy does not know where releases are published; say so by --from"
    address=$releases/latest/download
    [ -z "$version" ] || address=$releases/download/v$version
  fi
  [ ! -d "$address" ] || address=file://$(cd "$address" && pwd)
  case $address in
    https://* | file:///*) ;;
    http://*@*) die "not an address of a release: $address" ;;
    http://127.0.0.1[:/]* | http://localhost[:/]* | "http://[::1]"*) ;;
    http://*) die "not by plain http from another machine: checksums would come the same open way" ;;
    *) die "not an address of a release: $address" ;;
  esac
  printf '%s\n' "${address%/}"
}

# The line of SHA256SUMS for this platform; of several versions, the one that was asked for.
choose_archive() {
  lines=$(printf '%s\n' "$sums" |
    grep -E "^[0-9a-f]{64}  $name-[0-9]+\.[0-9]+\.[0-9]+[0-9A-Za-z.+-]*-$platform\.tar\.xz\$") || lines=
  if [ -n "$version" ]; then
    lines=$(printf '%s\n' "$lines" | grep -F "  $name-$version-$platform.tar.xz") ||
      die "$release has no version $version for $platform"
  fi
  case $lines in
    "") die "$release has nothing for $platform" ;;
    *"
"*) die "$release has several versions; say which, by --version" ;;
  esac
  printf '%s\n' "$lines"
}

# Writes what is at an address to a file, or to stdout if that is "-".
fetch() {
  case $1 in
    file://*)
      if [ "$2" = - ]; then cat "${1#file://}"; else cp "${1#file://}" "$2"; fi
      return
      ;;
    https://*) only=https ;;
    *) only=http ;;
  esac
  if command -v curl >/dev/null; then
    meter=-sS
    [ ! -t 2 ] || meter=--progress-bar
    curl -fL "$meter" --proto "=$only" --proto-redir "=$only" --connect-timeout 20 \
      --speed-limit 1000 --speed-time 30 --retry 2 -o "$2" "$1"
  elif command -v wget >/dev/null; then
    wget -q -O "$2" "$1"
  else
    die "neither curl nor wget is there to download with; install one of them"
  fi
}

sha256() {
  if command -v sha256sum >/dev/null; then
    sha256sum <"$1"
  elif command -v shasum >/dev/null; then
    shasum -a 256 <"$1"
  elif command -v openssl >/dev/null; then
    openssl dgst -sha256 -r <"$1"
  else
    die "nothing is there to check the download with: sha256sum, shasum or openssl"
  fi | sed 's/ .*//'
}

# Beside the programs, so that they come to their place by a rename; what killed runs left is removed.
make_temporary() {
  (umask 022 && mkdir -p "$hooks") || die "could not make $hooks"
  find "$hooks/" -maxdepth 1 -type d -name ".$name.*" -mmin +60 -exec rm -rf {} + 2>/dev/null || true
  temporary=$(mktemp -d "$hooks/.$name.XXXXXX") || die "could not write to $hooks"
}

# Lists before it unpacks, and unpacks only what it knows: no link, and nothing with ../ in its name. Where
# there is xz, tar need not know of it; the tar of macOS needs none.
unpack() {
  cd "$temporary"
  if command -v xz >/dev/null; then
    decompress="xz -dc"
    flags=
  else
    decompress="cat"
    flags=J
  fi
  complaint=$({ $decompress "$archive" | tar "-tv${flags}f" - >members; } 2>&1) || no_tar "read $archive"
  while read -r member; do
    path=${member##* }
    rest=${path#"$folder/"}
    case $member in
      [-d]*) [ "$path" != "$rest" ] || rest=/ ;;
      *) rest=/ ;;
    esac
    case $rest in
      *[!A-Za-z.-]*) die "$archive has a member that does not belong there: \"$member\". Nothing was unpacked." ;;
    esac
  done <members
  for program in $programs; do
    set -- "$@" "$folder/$program"
  done
  complaint=$({ $decompress "$archive" | tar "-xo${flags}f" - "$@"; } 2>&1) || no_tar "unpack $archive"
  rm -f "$archive"
  for program in $programs; do
    if [ ! -f "$folder/$program" ] || [ -h "$folder/$program" ]; then
      die "$archive has no program $program"
    fi
    chmod 755 "$folder/$program"
  done
  cd - >/dev/null
}

no_tar() {
  case $complaint in
    *"No space left"* | *"Disk quota"* | *"write error"* | *"Write error"* | *"short write"*)
      die "could not $1: the disk of $hooks is full. The programs need 700 MB while they are installed, and what is there already stays until they are."
      ;;
  esac
  case $(xz --version 2>&1 || true) in
    *"XZ Utils"*) ;;
    # BusyBox has one whose window is too small: 64 MiB.
    *) die "could not $1: that needs XZ Utils. Install them: the package is called xz-utils or xz." ;;
  esac
  die "could not $1: $(printf '%s\n' "$complaint" | sed 3q)"
}

# The first start of a new program; a broken one must never come to where Claude Code starts it.
try_program() {
  said=$(run_program "$temporary/$folder/$1" --self-test 2>&1) || said="failed: $said"
  [ "$(printf '%s\n' "$said" | sed 1q)" = "$1 $version" ] && return
  printf '%s\n' "$said" >&2
  case $platform in
    *-musl) die "$1 does not work here; nothing was replaced. Perhaps it lacks the C++ library: apk add libstdc++" ;;
    *) die "$1 does not work here; nothing was replaced" ;;
  esac
}

# With nothing of the environment but what says where things are: some variables stop the runtime.
run_program() {
  env -i PATH="${PATH-/usr/bin:/bin}" ${HOME+HOME="$HOME"} ${TMPDIR+TMPDIR="$TMPDIR"} \
    ${CLAUDE_CONFIG_DIR+CLAUDE_CONFIG_DIR="$CLAUDE_CONFIG_DIR"} \
    ${CLAUDE_SESSION_HOME+CLAUDE_SESSION_HOME="$CLAUDE_SESSION_HOME"} \
    ${CLAUDE_SESSION_DIR+CLAUDE_SESSION_DIR="$CLAUDE_SESSION_DIR"} \
    ${TERM+TERM="$TERM"} ${COLUMNS+COLUMNS="$COLUMNS"} ${NO_COLOR+NO_COLOR="$NO_COLOR"} "$@" </dev/null
}

# Six renames. A program that is running goes on with its old file. If one cannot be moved, or somebody
# stops us between two, those before it are put back: six of one version, or six of the other.
put_in_place() {
  mkdir "$temporary/old"
  for program in $programs; do
    [ ! -e "$hooks/$program" ] || ln "$hooks/$program" "$temporary/old/$program" 2>/dev/null ||
      cp -p "$hooks/$program" "$temporary/old/$program" || die "could not keep the old $program; nothing was replaced"
  done
  placed=
  for program in $programs; do
    placed="$placed $program"
    mv -f "$temporary/$folder/$program" "$hooks/$program" ||
      die "could not write $hooks/$program; the old programs are back in their places"
  done
  placed=
}

# Whoever has a hook of that name does not lose it.
refuse_others() {
  [ ! -e "$1" ] && [ ! -h "$1" ] && return
  [ -f "$1" ] || die "$1 is there, and is no file; move it away, or use --prefix"
  LC_ALL=C grep -q "$name" "$1" || die "$1 is there, and is none of our programs; move it away, or use --prefix"
}

installed_version() {
  [ ! -x "$hooks/claude-session" ] && return
  said=$(run_program "$hooks/claude-session" --version 2>/dev/null) || said="something that does not run"
  printf ' in the place of %s\n' "$said"
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

# Here, in the last line, so that half of a file that is piped into a shell does nothing.
main "$@"
