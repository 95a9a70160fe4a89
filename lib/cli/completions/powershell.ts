// The completion script for PowerShell, 5.1 and later; for $PROFILE.
import type { Grammar, OptionRule, Source } from "./grammar";

/** Writes the script. */
export function powershellScript({ program, commands, options }: Grammar): string {
  const rules = commands.map(({ name, description, options: own, arguments: [argument] }) => {
    const rows = own.map(
      (option) =>
        `        @(${optionNames(option)}, ${quote(option.description)}, ${sourceOf(option.value)})`,
    );
    return [
      `    ${quote(name)} = @{`,
      `      Description = ${quote(description)}`,
      `      Argument = ${sourceOf(argument?.value)}`,
      `      Options = @(`,
      rows.map((row) => `${row.replace("@(", ",@(")}`).join("\n"),
      "      )",
      "    }",
    ].join("\n");
  });
  const general = options.map((option) => `--${option.name}`);
  return `# Completes ${program} in PowerShell. It is part of claude-session-hooks, which rewrites it.

Register-ArgumentCompleter -Native -CommandName ${program}, ${program}.exe -ScriptBlock {
  param($word, $ast, $position)
  $commands = [ordered]@{
${rules.join("\n")}
  }
  # Elements that end before the cursor are written; the word at the cursor is not.
  $written = @($ast.CommandElements | Where-Object { $_.Extent.EndOffset -lt $position } | ForEach-Object { "$_" })
  $show = {
    param($values)
    foreach ($value in $values) {
      $text, $what = "$value" -split "\`t", 2
      if (-not $text.StartsWith($word)) { continue }
      if (-not $what) { $what = $text }
      $quoted = if ($text -match '[^\\w.-]') { "'" + $text.Replace("'", "''") + "'" } else { $text }
      [System.Management.Automation.CompletionResult]::new($quoted, $text, 'ParameterValue', $what)
    }
  }
  if ($written.Count -le 1) {
    & $show (@($commands.Keys | ForEach-Object { "$_\`t" + $commands[$_].Description }) + @(${general.map(quote).join(", ")}))
    return
  }
  $rule = $commands[$written[1]]
  if (-not $rule) { return }
  $source = $rule.Argument
  foreach ($option in $rule.Options) {
    if ($option[0] -contains $written[-1] -and $null -ne $option[2]) { $source = $option[2] }
  }
  if ($source -is [array]) { $values = $source }
  elseif ($source -eq 'sessions' -or $source -eq 'projects') { $values = @(& $written[0] completions --list $source 2>$null) }
  else { $values = @() }
  if ($word.StartsWith('-')) { $values = @($rule.Options | ForEach-Object { $_[0][0] + "\`t" + $_[1] }) }
  & $show $values
}
`;
}

function optionNames({ name, alias }: OptionRule): string {
  const names = [`--${name}`, ...(alias === undefined ? [] : [`-${alias}`])];
  return `@(${names.map(quote).join(", ")})`;
}

function sourceOf(source: Source | undefined): string {
  if (source === undefined) return "$null";
  return source.kind === "words" ? `@(${source.words.map(quote).join(", ")})` : quote(source.kind);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
