# Installs claude-session-hooks on Windows: downloads the programs for this system, verifies and tests them, puts
# them into ~\.claude\hooks, and registers the hooks with Claude Code. Needs no Node and no Bun.
#
# usage: install.ps1 [-From URL] [-Version VERSION] [-Prefix FOLDER] [-Separate] [-NoRegister] [-DryRun] [-Uninstall]
#                    [ARGUMENT]...
#
#   irm ADDRESS/install.ps1 | iex                                      without options
#   & ([scriptblock]::Create((irm ADDRESS/install.ps1))) -DryRun       with options
#
# It fails by throwing, never by `exit`, which would close the window of `| iex`.
[CmdletBinding(PositionalBinding = $false)]
param(
  # Take the release from a folder or an https: or file: address (http: only on this machine).
  [string] $From = $env:CLAUDE_SESSION_RELEASE,
  # Install this version, not the latest.
  [string] $Version = "",
  # Put the programs into this folder, not ~\.claude\hooks.
  [string] $Prefix = "",
  # Keep each program as a separate file; otherwise the hooks share one.
  [switch] $Separate,
  # Do not change Claude Code's settings.
  [switch] $NoRegister,
  # Print what would happen, and change nothing.
  [switch] $DryRun,
  # Remove the hooks from the settings, then the programs; the log stays.
  [switch] $Uninstall,
  # Passed to `claude-session install`, e.g. --events all.
  [Parameter(ValueFromRemainingArguments = $true)] [string[]] $InstallArguments = @()
)

# The address of the releases; each release fills it in.
$Releases = ""

$Name = "claude-session-hooks"
$Programs = "claude-session", "session-start", "session-end", "session-event", "pre-tool-use", "post-tool-use"
$Tar = Join-Path $env:SystemRoot "System32\tar.exe"

function Install-Programs([string] $Hooks) {
  $platform = Get-Platform
  $release = Get-ReleaseFolder
  $sums = Join-Path ([IO.Path]::GetTempPath()) ([IO.Path]::GetRandomFileName())
  try {
    Save-File "$release/SHA256SUMS" $sums
    $archive = Select-Archive (Get-Content $sums) $platform $release
  } finally {
    Remove-Item $sums -ErrorAction SilentlyContinue
  }
  foreach ($program in $Programs) { Assert-Ours (Join-Path $Hooks "$program.exe") }
  if ($DryRun) {
    Write-Output "Would install $Name $($archive.Version) for $platform"
    Write-Output "  from  $release/$($archive.File)"
    Write-Output "  into  $Hooks"
    if (-not $NoRegister) { Write-Output "  then run  claude-session install $InstallArguments".TrimEnd() }
    return
  }

  $temporary = New-Temporary $Hooks
  try {
    Write-Output "Downloading $Name $($archive.Version) for $platform"
    $download = Join-Path $temporary $archive.File
    Save-File "$release/$($archive.File)" $download
    if ((Get-FileHash $download -Algorithm SHA256).Hash -ne $archive.Checksum) {
      throw "$($archive.File) does not match SHA256SUMS, so it was damaged or changed. Nothing was unpacked."
    }
    Expand-Programs $download $temporary $archive.Folder
    $unpacked = Join-Path $temporary $archive.Folder
    foreach ($program in $Programs) { Test-Program $unpacked $program $archive.Version }
    Move-Programs $unpacked $Hooks (Join-Path $temporary "old")
  } finally {
    # An old program that is still running cannot be removed; the next run does it.
    Remove-Item $temporary -Recurse -Force -ErrorAction SilentlyContinue
  }
  Write-Output "Installed the programs of version $($archive.Version) into $Hooks"
  Set-Form $Hooks
  if ($NoRegister) {
    Write-Output "The hooks are not registered. To register them: $Hooks\claude-session.exe install"
  } else {
    $result = Invoke-Program (Join-Path $Hooks "claude-session.exe") (@("install") + $InstallArguments)
    Write-Output $result.Output.TrimEnd()
    if ($result.Code -ne 0) {
      throw "the programs are installed, but registering the hooks failed. Fix what is reported above, then run: $Hooks\claude-session.exe install"
    }
  }
  if (($env:PATH -split ";") -notcontains $Hooks) {
    Write-Output "To run claude-session without its path, add $Hooks to your PATH."
  }
}

# Six files take 700 MB, so the hooks share one, unless the user chose otherwise, now or before. Where that fails, they stay
# as they are, and work.
function Set-Form([string] $Hooks) {
  $note = Join-Path $Hooks ".$Name.form"
  $chosen = if (Test-Path $note) { Get-Content $note -Raw } else { "" }
  $form = if ($Separate -or $chosen -eq "separate") { "--separate" } else { "--link" }
  $result = Invoke-Program (Join-Path $Hooks "claude-session.exe") @("install", "--no-register", $form)
  Write-Output $result.Output.TrimEnd()
}

function Uninstall-Programs([string] $Hooks) {
  $found = @($Programs | ForEach-Object { Join-Path $Hooks "$_.exe" } | Where-Object { Test-Path $_ })
  foreach ($path in $found) { Assert-Ours $path }
  if ($found.Count -eq 0) {
    Write-Output "Nothing to remove: none of our programs is in $Hooks."
    return
  }
  if ($DryRun) {
    if (-not $NoRegister) { Write-Output "Would run  claude-session uninstall" }
    $found | ForEach-Object { Write-Output "Would remove $_" }
    return
  }
  # If a registered program is missing, Claude Code shows an error on every event: so the settings come first.
  if (-not $NoRegister) {
    $cli = Join-Path $Hooks "claude-session.exe"
    if (-not (Test-Path $cli)) {
      throw "$cli is missing, and only it can remove the hooks from the settings. Install again, then uninstall."
    }
    $result = Invoke-Program $cli @("uninstall")
    Write-Output $result.Output.TrimEnd()
    if ($result.Code -ne 0) { throw "the hooks are still in Claude Code's settings, so the programs were not removed." }
  }
  foreach ($path in $found) {
    Remove-Item $path -Force
    Write-Output "Removed $path"
  }
  Remove-Item (Join-Path $Hooks ".$Name.form") -Force -ErrorAction SilentlyContinue
}

# The programs look for it in the same way: a relative path in the variable is ignored.
function Get-HooksFolder {
  if ($Prefix -ne "") { return $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Prefix) }
  $claude = $env:CLAUDE_CONFIG_DIR
  if ("$claude" -notmatch '^([A-Za-z]:[\\/]|\\\\)') { $claude = Join-Path $env:USERPROFILE ".claude" }
  return Join-Path $claude "hooks"
}

function Get-Platform {
  # In a 32-bit shell the first variable says x86, and the second has the real processor.
  $machine = $env:PROCESSOR_ARCHITECTURE
  if ($env:PROCESSOR_ARCHITEW6432) { $machine = $env:PROCESSOR_ARCHITEW6432 }
  switch ($machine) {
    "AMD64" { return "windows-x64" }
    "ARM64" { return "windows-arm64" }
    default { throw "no release for this processor: $machine" }
  }
}

# The address of the release's files, without a slash at the end.
function Get-ReleaseFolder {
  $address = $From
  if ("$address" -eq "") {
    if ($Releases -eq "") { throw "this copy of install.ps1 has no address of releases; use -From URL" }
    $address = "$Releases/latest/download"
    if ($Version -ne "") { $address = "$Releases/download/v$Version" }
  }
  if ($address -notmatch "^[a-z]+:/" -and (Test-Path $address -PathType Container)) { $address = ([Uri] (Resolve-Path $address).ProviderPath).AbsoluteUri }
  $uri = [Uri] $address
  if ($uri.Scheme -eq "http" -and -not $uri.IsLoopback) {
    throw "plain http only works on this machine: anyone on the way could change the programs and their checksums"
  }
  if ($uri.Scheme -notin "https", "http", "file") { throw "not a release address: $address" }
  return $address.TrimEnd("/")
}

# The small archive, which the tar of Windows 11 can unpack since 2023; else the large one.
function Select-Archive([string[]] $Sums, [string] $Platform, [string] $Release) {
  $kind = "zip"
  if ((Test-Path $Tar) -and ((& $Tar --version) -match "liblzma")) { $kind = "tar.xz" }
  $wanted = "\d+\.\d+\.\d+[0-9A-Za-z.+-]*?"
  if ($Version -ne "") { $wanted = [Regex]::Escape($Version) }
  $pattern = "^([0-9a-f]{64})  (($Name-($wanted)-$Platform)\.$([Regex]::Escape($kind)))$"
  $found = @($Sums | ForEach-Object { [Regex]::Match($_, $pattern) } | Where-Object { $_.Success })
  if ($found.Count -eq 0) { throw "$Release has no programs for $Platform $Version".TrimEnd() }
  if ($found.Count -gt 1) { throw "$Release has several versions; use -Version VERSION" }
  $groups = $found[0].Groups
  return @{
    Checksum = $groups[1].Value
    File = $groups[2].Value
    Folder = $groups[3].Value
    Version = $groups[4].Value
  }
}

function Save-File([string] $Address, [string] $File) {
  $uri = [Uri] $Address
  try {
    if ($uri.IsFile) { Copy-Item -LiteralPath $uri.LocalPath $File }
    else { Invoke-WebRequest -UseBasicParsing -TimeoutSec 600 -Uri $uri -OutFile $File }
  } catch {
    throw "could not download ${Address}: $($_.Exception.Message)"
  }
}

# A temp folder next to the programs, so that a rename puts them in place. Those that killed runs left are removed.
function New-Temporary([string] $Hooks) {
  New-Item -ItemType Directory -Force $Hooks | Out-Null
  Get-ChildItem -LiteralPath $Hooks -Directory -Filter ".$Name.*" |
    Where-Object { $_.LastWriteTime -lt (Get-Date).AddHours(-1) } |
    Remove-Item -Recurse -Force -ErrorAction SilentlyContinue
  $temporary = Join-Path $Hooks ".$Name.$([IO.Path]::GetRandomFileName())"
  New-Item -ItemType Directory $temporary | Out-Null
  return $temporary
}

# Lists the archive before it unpacks it: no member of another folder, and no names with ..\ in them.
function Expand-Programs([string] $Archive, [string] $Temporary, [string] $Folder) {
  if ($Archive.EndsWith(".zip")) {
    Add-Type -AssemblyName System.IO.Compression.FileSystem
    $zip = [IO.Compression.ZipFile]::OpenRead($Archive)
    try { $members = @($zip.Entries | ForEach-Object { $_.FullName }) } finally { $zip.Dispose() }
  } else {
    $members = @(& $Tar -tf $Archive)
    if ($LASTEXITCODE -ne 0) { throw "could not read $Archive" }
  }
  foreach ($member in $members) {
    if ($member -notmatch "^$([Regex]::Escape($Folder))/[A-Za-z0-9.-]*$") {
      throw "$Archive has an unexpected member: $member. Nothing was unpacked."
    }
  }
  if ($Archive.EndsWith(".zip")) {
    [IO.Compression.ZipFile]::ExtractToDirectory($Archive, $Temporary)
  } else {
    & $Tar -xf $Archive -C $Temporary
    if ($LASTEXITCODE -ne 0) { throw "could not unpack $Archive; is the disk full? An installation needs 900 MB, of which it gives back most when it is done." }
  }
  Remove-Item $Archive
}

# The first start of a new program. A broken one must never get to where Claude Code would start it.
function Test-Program([string] $Folder, [string] $Program, [string] $Expected) {
  $result = Invoke-Program (Join-Path $Folder "$Program.exe") @("--self-test")
  $first = ($result.Output -split "\r?\n")[0]
  if ($result.Code -ne 0 -or $first -ne "$Program $Expected") {
    throw "$Program failed its self-test; nothing was replaced:`n$($result.Output)"
  }
}

# The hooks have no console, so PowerShell itself would not wait for them. Variables that the runtime inside them
# obeys are removed.
function Invoke-Program([string] $Path, [string[]] $Arguments) {
  $start = New-Object Diagnostics.ProcessStartInfo
  $start.FileName = $Path
  $start.Arguments = ($Arguments | ForEach-Object { '"' + $_.Replace('"', '\"') + '"' }) -join " "
  $start.UseShellExecute = $false
  $start.RedirectStandardInput = $true
  $start.RedirectStandardOutput = $true
  $start.RedirectStandardError = $true
  foreach ($variable in @($start.EnvironmentVariables.Keys)) {
    if ($variable -match "^(BUN_|NODE_OPTIONS)") { $start.EnvironmentVariables.Remove($variable) }
  }
  $process = [Diagnostics.Process]::Start($start)
  $process.StandardInput.Close()
  $errors = $process.StandardError.ReadToEndAsync()
  $output = $process.StandardOutput.ReadToEnd()
  $process.WaitForExit()
  return @{ Code = $process.ExitCode; Output = $output + $errors.Result }
}

# A running program cannot be overwritten, but it can be renamed. If a rename fails, the old programs are put back:
# there are always six of one version.
function Move-Programs([string] $Unpacked, [string] $Hooks, [string] $Old) {
  New-Item -ItemType Directory $Old | Out-Null
  $placed = @()
  try {
    foreach ($program in $Programs) {
      $target = Join-Path $Hooks "$program.exe"
      if (Test-Path $target) { [IO.File]::Move($target, (Join-Path $Old "$program.exe")) }
      [IO.File]::Move((Join-Path $Unpacked "$program.exe"), $target)
      $placed += $program
    }
  } finally {
    if ($placed.Count -lt $Programs.Count) {
      foreach ($program in $Programs) {
        $target = Join-Path $Hooks "$program.exe"
        $before = Join-Path $Old "$program.exe"
        if ($placed -contains $program) { Remove-Item $target -Force }
        if (Test-Path $before) { [IO.File]::Move($before, $target) }
      }
    }
  }
}

# Existing files are never overwritten unless they are ours: all our programs contain the name of the project.
function Assert-Ours([string] $Path) {
  if ((Test-Path $Path) -and -not (Select-String -LiteralPath $Path -Pattern $Name -SimpleMatch -Quiet)) {
    throw "$Path exists and is not ours; move it away, or use -Prefix"
  }
}

& {
  Set-StrictMode -Version 2
  $ErrorActionPreference = "Stop"
  # The progress bar makes a download many times slower.
  $ProgressPreference = "SilentlyContinue"
  [Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12
  $hooks = Get-HooksFolder
  if ($Uninstall) { Uninstall-Programs $hooks } else { Install-Programs $hooks }
}
