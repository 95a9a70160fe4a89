SELECT
    project,
    tool,
    count() AS calls,
    countIf(outcome = 'denied') AS denied,
    countIf(outcome = 'interrupted') AS interrupted,
    countIf(outcome = 'denied or interrupted') AS denied_or_interrupted,
    countIf(outcome = 'no result') AS no_result,
    denied + interrupted + denied_or_interrupted + no_result AS without_result,
    round(100 * without_result / calls, 1) AS percent
FROM
(
    SELECT
        project,
        tool,
        if(close_of_agent.1 <= close_of_session.1, close_of_agent, close_of_session) AS close,
        multiIf(
            next_of_call.1 = 'PostToolUse', 'succeeded',
            next_of_call.1 = 'PostToolUseFailure', if(next_of_call.2, 'interrupted', 'failed'),
            next_of_call.1 = 'PermissionDenied', 'denied',
            close.2 = 'end', if(next_of_input = 'PermissionRequest', 'denied', 'no result'),
            close.2 = 'interruption', if(next_of_input = 'PermissionRequest', 'denied or interrupted', 'interrupted'),
            -- Claude Code was most likely killed.
            last_of_session < {until} - if(next_of_input = 'PermissionRequest', INTERVAL 1 DAY, INTERVAL 15 MINUTE), 'no result',
            'running') AS outcome
    FROM
    (
        -- Backwards, so that "before" is what came next.
        SELECT
            event,
            project,
            tool,
            max(timestamp) OVER (PARTITION BY session_id) AS last_of_session,
            lagInFrame((event, is_interrupt)) OVER (PARTITION BY session_id, tool_use_id ORDER BY at DESC) AS next_of_call,
            -- A question names no call: it is about the last one of the same agent with the same input.
            lagInFrame(event) OVER (PARTITION BY session_id, agent_id, tool, parameters_hash ORDER BY at DESC) AS next_of_input,
            argMinIf((at, closes), at, closes != '' AND event NOT IN ('SessionStart', 'SessionEnd'))
                OVER (PARTITION BY session_id, agent_id ORDER BY at DESC) AS close_of_agent_or_none,
            argMinIf((at, closes), at, closes != '' AND event IN ('SessionStart', 'SessionEnd'))
                OVER (PARTITION BY session_id ORDER BY at DESC) AS close_of_session_or_none,
            if(close_of_agent_or_none.2 = '', (never, ''), close_of_agent_or_none) AS close_of_agent,
            if(close_of_session_or_none.2 = '', (never, ''), close_of_session_or_none) AS close_of_session
        FROM
        (
            SELECT
                session_id, project, tool, tool_use_id, agent_id, event, timestamp, is_interrupt, parameters_hash,
                (timestamp, toUInt128(id)) AS at,
                (toDateTime64('2299-12-31', 3, 'UTC'), toUInt128(0)) AS never,
                -- After these no result can come.
                multiIf(
                    event IN ('Stop', 'StopFailure', 'SubagentStop'), 'end',
                    event = 'UserPromptSubmit' AND is_prompt, 'interruption',
                    event = 'SessionStart' AND source != 'compact', 'interruption',
                    event = 'SessionEnd', 'interruption', '') AS closes
            FROM claude_events FINAL
            WHERE {scope} AND {range}
        )
    )
    WHERE event = 'PreToolUse'
)
WHERE outcome != 'running'
GROUP BY project, tool
HAVING without_result > 0
ORDER BY without_result DESC, project, tool
LIMIT 100
