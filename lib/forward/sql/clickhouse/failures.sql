SELECT
    project,
    tool,
    count() AS calls,
    countIf(event = 'PostToolUseFailure') AS failures,
    round(100 * failures / calls, 1) AS percent
FROM claude_events FINAL
WHERE {scope} AND {range} AND event IN ('PostToolUse', 'PostToolUseFailure')
GROUP BY project, tool
ORDER BY failures DESC, calls DESC, project, tool
LIMIT 100
