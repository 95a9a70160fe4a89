WITH subagents AS
(
    SELECT
        -- Internal agents of Claude Code, such as the one that compacts, have no type.
        max(agent_type) AS type,
        epoch_ms(max(time) FILTER (event = 'SubagentStop')) - epoch_ms(min(time)) AS took_ms,
        greatest(
            count(*) FILTER (event = 'PreToolUse'),
            count(*) FILTER (event IN ('PostToolUse', 'PostToolUseFailure'))) AS calls
    FROM claude_events
    WHERE agent_id IS NOT NULL
    GROUP BY session_id, agent_id
    HAVING type IS NOT NULL
)
SELECT
    type,
    count(*) AS subagents,
    count(*) FILTER (took_ms IS NULL) AS without_end,
    quantile_disc(took_ms, 0.5) AS p50_ms,
    max(took_ms) AS max_ms,
    sum(calls) AS tool_calls,
    round(avg(calls), 1) AS calls_each
FROM subagents
GROUP BY type
ORDER BY subagents DESC, type
