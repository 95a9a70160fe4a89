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
        at_ms AS asked_ms,
        -- Backwards, so that "before" means the next event.
        lagInFrame((at_ms, tool_ms)) OVER (PARTITION BY agent ORDER BY at_ms DESC, id DESC) AS next,
        -- A result says how long the tool itself took; the rest was the wait.
        next.1 - next.2 AS answered_ms
    FROM
    (
        SELECT
            timestamp,
            project,
            event,
            toUInt128(id) AS id,
            -- Numbers are sorted faster than texts.
            cityHash64(session_id, agent_id) AS agent,
            toUnixTimestamp64Milli(timestamp) AS at_ms,
            if(event IN ('PostToolUse', 'PostToolUseFailure'), ifNull(duration_ms, 0), 0) AS tool_ms
        FROM claude_events FINAL
        WHERE {scope} AND {range} AND event != 'Notification' AND session_id IN
        (
            SELECT session_id
            FROM claude_events
            WHERE {scope} AND {range} AND event IN ('PermissionRequest', 'Elicitation')
        )
    )
)
WHERE event IN ('PermissionRequest', 'Elicitation') AND next.1 > 0
GROUP BY time, project
ORDER BY time, project
