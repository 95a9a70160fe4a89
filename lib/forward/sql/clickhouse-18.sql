/*
Events of Claude Code from any number of machines, one row per event, for servers before 2024.

This file is a single statement: its queries are comments. To create the table:

  claude-session forward --sql clickhouse-18 | curl --data-binary @- http://HOST:8123/

Then add this to config.json on each machine:

  "destinations": [
    {
      "name": "clickhouse",
      "type": "http",
      "url": "http://HOST:8123/?query=INSERT%20INTO%20claude_events%20FORMAT%20JSONEachRow&input_format_skip_unknown_fields=1",
      "headers": { "X-ClickHouse-User": "NAME", "X-ClickHouse-Key": "PASSWORD" }
    }
  ]

Remove the headers if the server needs no password. Add "insecure": true if HOST is another machine and
the url is plain http. Fields without a column are ignored: parameters, payload, and any later additions.

If many machines send to a server of 2022 or later, add &async_insert=1&wait_for_async_insert=1 to the url.
The server then combines small inserts, and still answers only after it has stored them.

Tested with ClickHouse 18.16, which is in Debian. It uses nothing that is newer (DateTime64,
LowCardinality, TTL), and nothing that later versions have removed.
*/

CREATE TABLE IF NOT EXISTS claude_events
(
    id String,
    -- As in the record, because a DateTime has no milliseconds. The text sorts by time.
    timestamp String,
    -- The same as a DateTime, which INSERT cannot read from such a text by default.
    -- OrZero: an event is stored even if its clock was outside 1970 to 2105.
    time DateTime('UTC') MATERIALIZED parseDateTimeBestEffortOrZero(timestamp),
    event String,
    session_id String,
    session_id_source String,
    project String,
    project_dir String,
    user String,
    pid UInt64,
    should_notify UInt8,
    tool String,
    tool_use_id String,
    duration_ms Nullable(Float64),
    agent_id String,
    agent_type String,
    prompt_id String
)
-- Events are delivered at least once. A repeated event has the same key in the same month, so the next merge
-- keeps one row of it. Until then, FINAL does so in queries.
ENGINE = ReplacingMergeTree
-- To remove an old month: ALTER TABLE claude_events DROP PARTITION 202601
PARTITION BY toYYYYMM(time)
-- Ids sort by time: the events of a session are stored together and in order.
ORDER BY (project, session_id, id);

-- Three queries. To restrict one, add for example WHERE time >= today() - 30.

-- Sessions, latest first. Prompts include those that Claude Code submits itself.
/*
SELECT
    session_id,
    argMin(project, id) AS in_project,
    argMin(user, id) AS by_user,
    min(timestamp) AS first_event,
    max(timestamp) AS last_event,
    count() AS events,
    countIf(event = 'UserPromptSubmit') AS prompts,
    -- A destination may be sent only the ends of calls.
    greatest(
        countIf(event = 'PreToolUse'),
        countIf(event IN ('PostToolUse', 'PostToolUseFailure'))
    ) AS tool_calls
FROM claude_events FINAL
GROUP BY session_id
ORDER BY last_event DESC, session_id
LIMIT 100
*/

-- The slowest tools, in milliseconds.
/*
SELECT
    tool,
    count() AS calls,
    quantileExact(0.5)(duration_ms) AS p50_ms,
    quantileExact(0.95)(duration_ms) AS p95_ms,
    max(duration_ms) AS max_ms
FROM claude_events FINAL
WHERE event IN ('PostToolUse', 'PostToolUseFailure') AND duration_ms IS NOT NULL
GROUP BY tool
ORDER BY p95_ms DESC, tool
LIMIT 20
*/

-- Failures by project, out of all tool calls that ended.
/*
SELECT
    project,
    count() AS calls,
    countIf(event = 'PostToolUseFailure') AS failures,
    round(100 * failures / calls, 1) AS percent
FROM claude_events FINAL
WHERE event IN ('PostToolUse', 'PostToolUseFailure')
GROUP BY project
ORDER BY failures DESC, project
*/
