# Tries a release on Windows as a user would: installs it from a folder into a temporary home, lets a hook record
# an event, looks for that event, and uninstalls.
#
# usage: .ci/try-installer.ps1 FOLDER
param([string] $Release)
Set-StrictMode -Version 2
$ErrorActionPreference = "Stop"
$home_ = Join-Path ([IO.Path]::GetTempPath()) ([IO.Path]::GetRandomFileName())
New-Item -ItemType Directory $home_ | Out-Null
$env:CLAUDE_CONFIG_DIR = Join-Path $home_ ".claude"
$env:CLAUDE_SESSION_DIR = $home_
$hooks = Join-Path $env:CLAUDE_CONFIG_DIR "hooks"
$cli = Join-Path $hooks "claude-session.exe"
try {
  & "$Release/install.ps1" -From $Release
  & $cli doctor
  if ($LASTEXITCODE -ne 0) { throw "doctor exited with $LASTEXITCODE" }
  '{"session_id":"tried","hook_event_name":"SessionStart","source":"startup"}' |
    & (Join-Path $hooks "session-start.exe") | Out-Null
  if (-not ((& $cli list --json) -match "tried")) { throw "the event was not recorded" }
  & "$Release/install.ps1" -Uninstall
  if (Test-Path $cli) { throw "$cli still exists" }
} finally {
  Remove-Item $home_ -Recurse -Force -ErrorAction SilentlyContinue
}
