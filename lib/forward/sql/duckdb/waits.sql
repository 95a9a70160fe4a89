WITH followed AS
(
    SELECT
        time,
        project,
        event,
        lead(event) OVER next AS answer,
        lead(epoch_ms(time)) OVER next AS answer_ms,
        -- A result says how long the tool itself took; the rest was the wait.
        lead(CASE WHEN event IN ('PostToolUse', 'PostToolUseFailure') THEN duration_ms END) OVER next AS tool_ms
    FROM claude_events
    WHERE event != 'Notification'
    WINDOW next AS (PARTITION BY session_id, agent_id ORDER BY place)
)
SELECT
    CAST(time AS DATE) AS day,
    project,
    count(*) AS questions,
    round(sum(greatest(answer_ms - coalesce(tool_ms, 0) - epoch_ms(time), 0)) / 60_000, 2) AS minutes
FROM followed
WHERE event IN ('PermissionRequest', 'Elicitation') AND answer IS NOT NULL
GROUP BY day, project
ORDER BY day, project
