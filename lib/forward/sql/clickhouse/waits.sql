SELECT
    {step} AS time,
    project,
    count() AS questions,
    round(sum(greatest(answered_ms - asked_ms, 0)) / 60000, 2) AS minutes
FROM
(
    SELECT
        timestamp,
        project,
        event,
        toUnixTimestamp64Milli(timestamp) AS asked_ms,
        -- Backwards, so that "before" is what came next.
        lagInFrame((event, toUnixTimestamp64Milli(timestamp), ifNull(duration_ms, 0)))
            OVER (PARTITION BY session_id, agent_id ORDER BY timestamp DESC, toUInt128(id) DESC) AS next,
        -- Of a result it is known how long the tool itself took; the rest was the wait.
        next.2 - if(next.1 IN ('PostToolUse', 'PostToolUseFailure'), next.3, 0) AS answered_ms
    FROM claude_events FINAL
    WHERE {scope} AND {range} AND event != 'Notification'
)
WHERE event IN ('PermissionRequest', 'Elicitation') AND next.1 != ''
GROUP BY time, project
ORDER BY time, project
