SELECT
    tool,
    length(sorted) AS calls,
    -- By the nearest rank, as claude-session stats does.
    sorted[toUInt64(ceil(0.5 * calls))] AS p50_ms,
    sorted[toUInt64(ceil(0.95 * calls))] AS p95_ms,
    sorted[calls] AS max_ms
FROM
(
    SELECT tool, arraySort(groupArray(assumeNotNull(duration_ms))) AS sorted
    FROM claude_events FINAL
    WHERE {scope} AND {range} AND event IN ('PostToolUse', 'PostToolUseFailure') AND duration_ms IS NOT NULL
    GROUP BY tool
)
ORDER BY p95_ms DESC, tool
LIMIT 25
