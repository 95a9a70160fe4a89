# Installs claude-session-hooks on Windows: downloads the programs for this system, checks and tries them,
# puts them into ~\.claude\hooks, and registers the hooks with Claude Code. Needs no Node and no Bun.
#
# usage: install.ps1 [-From URL] [-Version VERSION] [-Prefix FOLDER] [-NoRegister] [-DryRun] [-Uninstall] [WORD]...
#
#   irm ADDRESS/install.ps1 | iex                                      as it is
#   & ([scriptblock]::Create((irm ADDRESS/install.ps1))) -DryRun       with options
#
# It ends by throwing, never by exit: piped into iex, that would close the window.
[CmdletBinding(PositionalBinding = $false)]
param(
  # Where the release is: a folder here, or its address by https:, file:, or http: on this machine.
  [string] $From = $env:CLAUDE_SESSION_RELEASE,
  # Another version than the latest.
  [string] $Version = "",
  # Where the programs go, instead of ~\.claude\hooks.
  [string] $Prefix = "",
  # Leave Claude Code's settings alone.
  [switch] $NoRegister,
  # Say what would be done, and do nothing.
  [switch] $DryRun,
  # Take the hooks out of the settings and remove the programs; what was recorded stays.
  [switch] $Uninstall,
  # What is given to `claude-session install`, e.g. --events all.
  [Parameter(ValueFromRemainingArguments = $true)] [string[]] $Words = @()
)

# Where releases are published, which a release writes into its copy of this file.
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
    if (-not $NoRegister) { Write-Output "  and run  claude-session install $Words".TrimEnd() }
    return
  }

  $temporary = New-Temporary $Hooks
  try {
    Write-Output "Downloading $Name $($archive.Version) for $platform"
    $download = Join-Path $temporary $archive.File
    Save-File "$release/$($archive.File)" $download
    if ((Get-FileHash $download -Algorithm SHA256).Hash -ne $archive.Checksum) {
      throw "$($archive.File) is not what SHA256SUMS says: it was damaged on the way, or changed. Nothing was unpacked."
    }
    Expand-Programs $download $temporary $archive.Folder
    $unpacked = Join-Path $temporary $archive.Folder
    foreach ($program in $Programs) { Test-Program $unpacked $program $archive.Version }
    Move-Programs $unpacked $Hooks (Join-Path $temporary "old")
  } finally {
    # An old program that is still running cannot be removed yet; the next run does it.
    Remove-Item $temporary -Recurse -Force -ErrorAction SilentlyContinue
  }
  Write-Output "Installed the programs of version $($archive.Version) into $Hooks"
  if ($NoRegister) {
    Write-Output "They are not registered; '$Hooks\claude-session.exe install' does that."
  } else {
    $end = Invoke-Program (Join-Path $Hooks "claude-session.exe") (@("install") + $Words)
    Write-Output $end.Output.TrimEnd()
    if ($end.Code -ne 0) {
      throw "the programs are there, but not all of the rest. Mend what is said above, and run '$Hooks\claude-session.exe install'."
    }
  }
  if (($env:PATH -split ";") -notcontains $Hooks) {
    Write-Output "To call claude-session by its name, put $Hooks on your PATH."
  }
}

function Uninstall-Programs([string] $Hooks) {
  $found = @($Programs | ForEach-Object { Join-Path $Hooks "$_.exe" } | Where-Object { Test-Path $_ })
  foreach ($path in $found) { Assert-Ours $path }
  if ($found.Count -eq 0) {
    Write-Output "There are no programs of ours in $Hooks."
    return
  }
  if ($DryRun) {
    if (-not $NoRegister) { Write-Output "Would run  claude-session uninstall" }
    $found | ForEach-Object { Write-Output "Would remove $_" }
    return
  }
  # A registered program that is missing is an error message on every event: the settings come first.
  if (-not $NoRegister) {
    $cli = Join-Path $Hooks "claude-session.exe"
    if (-not (Test-Path $cli)) {
      throw "there is no $cli to take the hooks out of the settings. Install again, then uninstall."
    }
    $end = Invoke-Program $cli @("uninstall")
    Write-Output $end.Output.TrimEnd()
    if ($end.Code -ne 0) { throw "the hooks are still in Claude Code's settings, so the programs stay." }
  }
  foreach ($path in $found) {
    Remove-Item $path -Force
    Write-Output "Removed $path"
  }
}

# As the programs themselves find it: a relative path in the variable is ignored.
function Get-HooksFolder {
  if ($Prefix -ne "") { return $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Prefix) }
  $claude = $env:CLAUDE_CONFIG_DIR
  if ("$claude" -notmatch '^([A-Za-z]:[\\/]|\\\\)') { $claude = Join-Path $env:USERPROFILE ".claude" }
  return Join-Path $claude "hooks"
}

function Get-Platform {
  # A 32-bit shell says x86 in the first, and the truth in the second.
  $machine = $env:PROCESSOR_ARCHITECTURE
  if ($env:PROCESSOR_ARCHITEW6432) { $machine = $env:PROCESSOR_ARCHITEW6432 }
  switch ($machine) {
    "AMD64" { return "windows-x64" }
    "ARM64" { return "windows-arm64" }
    default { throw "there are no programs for the processor $machine" }
  }
}

# An address without a slash at its end, below which the files of the release are.
function Get-ReleaseFolder {
  $address = $From
  if ("$address" -eq "") {
    if ($Releases -eq "") { throw "this copy does not know where releases are published; say so by -From" }
    $address = "$Releases/latest/download"
    if ($Version -ne "") { $address = "$Releases/download/v$Version" }
  }
  if ($address -notmatch "^[a-z]+:/" -and (Test-Path $address -PathType Container)) { $address = ([Uri] (Resolve-Path $address).ProviderPath).AbsoluteUri }
  $uri = [Uri] $address
  if ($uri.Scheme -eq "http" -and -not $uri.IsLoopback) {
    throw "not by plain http from another machine: checksums would come the same open way"
  }
  if ($uri.Scheme -notin "https", "http", "file") { throw "not an address of a release: $address" }
  return $address.TrimEnd("/")
}

# The small archive, which tar of Windows 11 can unpack since 2023; else the large one.
function Select-Archive([string[]] $Sums, [string] $Platform, [string] $Release) {
  $kind = "zip"
  if ((Test-Path $Tar) -and ((& $Tar --version) -match "liblzma")) { $kind = "tar.xz" }
  $wanted = "\d+\.\d+\.\d+[0-9A-Za-z.+-]*?"
  if ($Version -ne "") { $wanted = [Regex]::Escape($Version) }
  $pattern = "^([0-9a-f]{64})  (($Name-($wanted)-$Platform)\.$([Regex]::Escape($kind)))$"
  $found = @($Sums | ForEach-Object { [Regex]::Match($_, $pattern) } | Where-Object { $_.Success })
  if ($found.Count -eq 0) { throw "$Release has nothing for $Platform $Version".TrimEnd() }
  if ($found.Count -gt 1) { throw "$Release has several versions; say which, by -Version" }
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
    throw "could not get ${Address}: $($_.Exception.Message)"
  }
}

# Beside the programs, so that they come to their place by a rename; what killed runs left is removed.
function New-Temporary([string] $Hooks) {
  New-Item -ItemType Directory -Force $Hooks | Out-Null
  Get-ChildItem -LiteralPath $Hooks -Directory -Filter ".$Name.*" |
    Where-Object { $_.LastWriteTime -lt (Get-Date).AddHours(-1) } |
    Remove-Item -Recurse -Force -ErrorAction SilentlyContinue
  $temporary = Join-Path $Hooks ".$Name.$([IO.Path]::GetRandomFileName())"
  New-Item -ItemType Directory $temporary | Out-Null
  return $temporary
}

# Lists before it unpacks: nothing from another folder, nothing with ..\ in its name.
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
    if ($member -notmatch "^$([Regex]::Escape($Folder))/[A-Za-z.-]*$") {
      throw "$Archive has a member that does not belong there: $member. Nothing was unpacked."
    }
  }
  if ($Archive.EndsWith(".zip")) {
    [IO.Compression.ZipFile]::ExtractToDirectory($Archive, $Temporary)
  } else {
    & $Tar -xf $Archive -C $Temporary
    if ($LASTEXITCODE -ne 0) { throw "could not unpack $Archive; the programs need 700 MB while they are installed" }
  }
  Remove-Item $Archive
}

# The first start of a new program; a broken one must never come to where Claude Code starts it.
function Test-Program([string] $Folder, [string] $Program, [string] $Expected) {
  $end = Invoke-Program (Join-Path $Folder "$Program.exe") @("--self-test")
  $first = ($end.Output -split "\r?\n")[0]
  if ($end.Code -ne 0 -or $first -ne "$Program $Expected") {
    throw "$Program does not work here; nothing was replaced:`n$($end.Output)"
  }
}

# The hooks have no console of their own, so PowerShell would not wait for them by itself. Of the environment
# they get nothing that the runtime inside them would obey.
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
  $complaint = $process.StandardError.ReadToEndAsync()
  $output = $process.StandardOutput.ReadToEnd()
  $process.WaitForExit()
  return @{ Code = $process.ExitCode; Output = $output + $complaint.Result }
}

# A program that is running cannot be overwritten, but it can be renamed. If one cannot be moved, those before
# it are put back: six of one version, or six of the other.
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

# Whoever has a hook of that name does not lose it.
function Assert-Ours([string] $Path) {
  if ((Test-Path $Path) -and -not (Select-String -LiteralPath $Path -Pattern $Name -SimpleMatch -Quiet)) {
    throw "$Path is there, and is none of our programs; move it away, or use -Prefix"
  }
}

& {
  Set-StrictMode -Version 2
  $ErrorActionPreference = "Stop"
  # Drawing its bar makes a download many times slower.
  $ProgressPreference = "SilentlyContinue"
  [Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12
  $hooks = Get-HooksFolder
  if ($Uninstall) { Uninstall-Programs $hooks } else { Install-Programs $hooks }
}
