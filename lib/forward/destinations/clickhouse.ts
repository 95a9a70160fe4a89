// What a ClickHouse server needs to take our records as they are: a table, and questions to ask it.

/** One statement that makes the table, and after it, in comments, three queries. */
export function clickhouseSql(): string {
  return SQL;
}

// Tried with 18.16, which Debian has; what newer servers know is left out (DateTime64, LowCardinality,
// TTL), and nothing is used that they no longer know.
const SQL = `/*
Events of Claude Code, from as many machines as you like: one row each.

All of this is one statement, for the questions at its end are in comments. To make the table:

  claude-session forward --sql clickhouse | curl --data-binary @- http://HOST:8123/

Once it is there, each machine sends its events by this in its config.json:

  "destinations": [
    {
      "name": "clickhouse",
      "type": "http",
      "url": "http://HOST:8123/?query=INSERT%20INTO%20claude_events%20FORMAT%20JSONEachRow&input_format_skip_unknown_fields=1",
      "headers": { "X-ClickHouse-User": "NAME", "X-ClickHouse-Key": "PASSWORD" }
    }
  ]

Leave the headers out where no password is needed; add "insecure": true where plain http is to leave
the machine. What has no column here is passed over: parameters, payload, and whatever comes later.
Where many machines send to a server of 2022 or later, add &async_insert=1&wait_for_async_insert=1 to
the url: it then gathers small inserts into large ones, and still answers only when they are stored.
*/

CREATE TABLE IF NOT EXISTS claude_events
(
    id String,
    -- The text as it is in the record, for a DateTime has no milliseconds. It sorts by time.
    timestamp String,
    -- The same as a DateTime, which servers do not read from such a text unless they are told to.
    -- OrZero: an event whose clock was beyond 1970 to 2105 is taken nonetheless.
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
-- Delivery is at least once. A repeated event has the same key, in the same month, and collapses to one
-- row at the next merge; until then, FINAL does it for a query.
ENGINE = ReplacingMergeTree
-- So that old months can go: ALTER TABLE claude_events DROP PARTITION 202601
PARTITION BY toYYYYMM(time)
-- An id sorts by time, so each session's events lie together and in order.
ORDER BY (project, session_id, id);

-- Three questions. Each can be narrowed, for example by WHERE time >= today() - 30.

-- Sessions, the latest first. Prompts are also those that Claude Code gives itself.
/*
SELECT
    session_id,
    argMin(project, id) AS in_project,
    argMin(user, id) AS by_user,
    min(timestamp) AS first_event,
    max(timestamp) AS last_event,
    count() AS events,
    countIf(event = 'UserPromptSubmit') AS prompts,
    -- Where only the ends of calls are sent, those.
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

-- Failures by project, of all the tool calls that ended.
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
`;
