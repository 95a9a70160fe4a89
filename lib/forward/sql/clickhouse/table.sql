CREATE TABLE IF NOT EXISTS claude_events
(
    id UUID,
    timestamp DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    event LowCardinality(String),
    session_id String CODEC(ZSTD),
    session_id_source LowCardinality(String),
    project LowCardinality(String),
    project_dir LowCardinality(String),
    user LowCardinality(String),
    pid UInt64 CODEC(ZSTD),
    should_notify Bool,
    client LowCardinality(String),
    tool LowCardinality(String),
    tool_use_id String CODEC(ZSTD),
    duration_ms Nullable(Float64) CODEC(ZSTD),
    agent_id String CODEC(ZSTD),
    agent_type LowCardinality(String),
    prompt_id String CODEC(ZSTD),
    -- Content as JSON. It is removed before the rest.
    parameters String CODEC(ZSTD(3)) TTL toDateTime(timestamp) + INTERVAL 90 DAY,
    payload String CODEC(ZSTD(3)) TTL toDateTime(timestamp) + INTERVAL 90 DAY,
    redacted UInt32,
    truncated UInt32,

    -- The parts of these two that the queries need, so that they stay and are parsed only once.
    source LowCardinality(String) MATERIALIZED JSONExtractString(payload, 'source'),
    end_reason LowCardinality(String) MATERIALIZED if(event = 'SessionEnd', JSONExtractString(payload, 'reason'), ''),
    model LowCardinality(String) MATERIALIZED JSONExtractString(payload, 'model'),
    is_interrupt Bool MATERIALIZED JSONExtractBool(payload, 'is_interrupt'),
    -- The same for a call and for its permission request.
    parameters_hash UInt64 MATERIALIZED cityHash64(parameters),
    -- Claude Code also submits prompts itself, each in one element such as <task-notification>…</task-notification>, and after that
    -- one in lines of their own where the output is.
    injected_as LowCardinality(String) MATERIALIZED extract(JSONExtractString(payload, 'prompt'), '^(?:\\[(?:SYSTEM\\b[^\\]\\n]*|[^\\]\\n]*\\bNOT USER INPUT)\\][ \\t\\r]*\\n[^<]{0,300}|(?:[^\\n<]{1,200}:\\s*\\n)?\\s*)<([a-z]+(?:-[a-z]+)*-(?:message|notification|reminder|event|result|update))\\b'),
    is_prompt Bool MATERIALIZED event = 'UserPromptSubmit' AND source IN ('', 'user', 'sdk') AND (injected_as = ''
        OR NOT endsWith(replaceRegexpOne(JSONExtractString(payload, 'prompt'), '\\s+$', ''), concat('</', injected_as, '>')))
        AND NOT (injected_as = 'task-notification' AND match(JSONExtractString(payload, 'prompt'), '</task-notification>[ \\t\\r]*\\n'))
)
-- Events are delivered at least once. A repeated event has the same key in the same month, so the next merge keeps one
-- row of it. Until then, FINAL does so in queries.
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(timestamp)
-- By day first, so that a dashboard reads only the days that it shows. With timestamp itself in the key, it would read more.
ORDER BY (toDate(timestamp), project, session_id, id)
TTL toDateTime(timestamp) + INTERVAL 365 DAY DELETE
-- An acknowledged insert survives a power cut.
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
