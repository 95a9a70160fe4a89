SELECT
    type,
    count() AS subagents,
    countIf(isNull(took_ms)) AS without_end,
    quantileExactLow(0.5)(took_ms) AS p50_ms,
    max(took_ms) AS max_ms,
    sum(calls) AS tool_calls,
    round(avg(calls), 1) AS calls_each
FROM
(
    SELECT
        -- Internal agents of Claude Code, such as the one that compacts, have no type.
        max(agent_type) AS type,
        toUnixTimestamp64Milli(maxOrNullIf(timestamp, event = 'SubagentStop')) - toUnixTimestamp64Milli(min(timestamp)) AS took_ms,
        greatest(countIf(event = 'PreToolUse'), countIf(event IN ('PostToolUse', 'PostToolUseFailure'))) AS calls
    FROM claude_events FINAL
    WHERE {scope} AND {range} AND agent_id != ''
    GROUP BY session_id, agent_id
    HAVING type != ''
)
GROUP BY type
ORDER BY subagents DESC, type
