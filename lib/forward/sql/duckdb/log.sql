-- Queries on your own log for DuckDB (https://duckdb.org); tested with 1.5. Times are UTC.
--
--   claude-session forward --sql duckdb | duckdb

CREATE OR REPLACE TEMP VIEW claude_events AS
SELECT
    *,
    timestamp || id AS place,
    TRY_CAST(timestamp AS TIMESTAMP) AS time,
    -- Content is parsed only where it is needed.
    CASE WHEN event IN ('SessionStart', 'UserPromptSubmit') THEN coalesce(payload ->> 'source', '') ELSE '' END AS source,
    CASE WHEN event = 'UserPromptSubmit' THEN coalesce(payload ->> 'prompt', '') ELSE '' END AS prompt,
    -- Claude Code also submits prompts itself, each in one element such as <task-notification>…</task-notification>, and after that
    -- one in lines of their own where the output is.
    regexp_extract(prompt, '^(?:\[(?:SYSTEM\b[^\]\n]*|[^\]\n]*\bNOT USER INPUT)\][ \t\r]*\n[^<]{0,300}|(?:[^\n<]{1,200}:\s*\n)?\s*)<([a-z]+(?:-[a-z]+)*-(?:message|notification|reminder|event|result|update))\b', 1) AS injected_as,
    event = 'UserPromptSubmit' AND source IN ('', 'user', 'sdk')
        AND (injected_as = '' OR NOT ends_with(rtrim(prompt, E' \t\r\n'), '</' || injected_as || '>'))
        AND NOT (injected_as = 'task-notification' AND regexp_matches(prompt, '</task-notification>[ \t\r]*\n')) AS is_prompt
FROM read_ndjson(
    '{events}/*.jsonl',
    -- A line that is torn, or blank because its session was removed.
    ignore_errors = true,
    columns = {
        id: 'VARCHAR', timestamp: 'VARCHAR', event: 'VARCHAR', session_id: 'VARCHAR', project: 'VARCHAR',
        project_dir: 'VARCHAR', user: 'VARCHAR', pid: 'BIGINT', should_notify: 'BOOLEAN', client: 'VARCHAR',
        tool: 'VARCHAR', tool_use_id: 'VARCHAR', duration_ms: 'DOUBLE', agent_id: 'VARCHAR', agent_type: 'VARCHAR',
        prompt_id: 'VARCHAR', parameters: 'JSON', payload: 'JSON'
    })
-- Without events of other agents. To read less, add for example AND timestamp >= '2026-11-20'
WHERE id IS NOT NULL AND time IS NOT NULL AND client IS NULL;
