SELECT
    toStartOfDay(timestamp) AS time,
    user,
    countIf(is_prompt) AS prompts,
    uniqExact(session_id) AS sessions
FROM claude_events FINAL
WHERE {scope} AND {range}
GROUP BY time, user
ORDER BY time, user
