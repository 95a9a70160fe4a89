SELECT
    project,
    tool,
    count(*) AS calls,
    count(*) FILTER (event = 'PostToolUseFailure') AS failures,
    round(100 * failures / calls, 1) AS percent
FROM claude_events
WHERE event IN ('PostToolUse', 'PostToolUseFailure')
GROUP BY project, tool
ORDER BY failures DESC, calls DESC, project, tool
LIMIT 100
