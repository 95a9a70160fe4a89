SELECT
    tool,
    count(*) AS calls,
    quantile_disc(duration_ms, 0.5) AS p50_ms,
    quantile_disc(duration_ms, 0.95) AS p95_ms,
    max(duration_ms) AS max_ms
FROM claude_events
WHERE event IN ('PostToolUse', 'PostToolUseFailure') AND duration_ms IS NOT NULL
GROUP BY tool
ORDER BY p95_ms DESC, tool
LIMIT 25
