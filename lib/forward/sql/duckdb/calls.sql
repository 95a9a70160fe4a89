WITH events AS
(
    -- Only the columns that are needed, because windows keep all of them.
    SELECT
        session_id,
        coalesce(agent_id, '') AS agent,
        project,
        tool,
        tool_use_id,
        hash(parameters::VARCHAR) AS parameters_hash,
        event,
        place,
        time,
        event = 'PostToolUseFailure' AND (payload ->> 'is_interrupt') = 'true' AS is_interrupt,
        -- After these no result can come.
        CASE
            WHEN event IN ('Stop', 'StopFailure', 'SubagentStop') THEN 'end'
            WHEN event = 'UserPromptSubmit' AND is_prompt THEN 'interruption'
            WHEN event = 'SessionStart' AND source != 'compact' THEN 'interruption'
            WHEN event = 'SessionEnd' THEN 'interruption'
        END AS closes,
        event IN ('SessionStart', 'SessionEnd') AS is_of_session
    FROM claude_events
),
followed AS
(
    SELECT
        *,
        lead(event) OVER of_call AS next_of_call,
        lead(is_interrupt) OVER of_call AS is_next_interrupt,
        -- A question names no call; it belongs to the last call of the same agent with the same input.
        lead(event) OVER (PARTITION BY session_id, agent, tool, parameters_hash ORDER BY place) = 'PermissionRequest' AS is_asked,
        min(CASE WHEN closes IS NOT NULL AND NOT is_of_session THEN place || ' ' || closes END) OVER (
            PARTITION BY session_id, agent ORDER BY place ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS close_of_agent,
        min(CASE WHEN closes IS NOT NULL AND is_of_session THEN place || ' ' || closes END) OVER (
            PARTITION BY session_id ORDER BY place ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS close_of_session,
        epoch_ms(now()) - epoch_ms(max(time) OVER (PARTITION BY session_id)) AS silence_ms
    FROM events
    -- Ids of some model routers repeat in subagents.
    WINDOW of_call AS (PARTITION BY session_id, agent, tool_use_id ORDER BY place)
),
outcomes AS
(
    SELECT
        project,
        tool,
        split_part(least(close_of_agent, close_of_session), ' ', 2) AS close,
        CASE
            WHEN next_of_call = 'PostToolUse' THEN 'succeeded'
            WHEN next_of_call = 'PostToolUseFailure' THEN CASE WHEN is_next_interrupt THEN 'interrupted' ELSE 'failed' END
            WHEN next_of_call = 'PermissionDenied' THEN 'denied'
            WHEN close = 'end' THEN CASE WHEN is_asked THEN 'denied' ELSE 'no result' END
            WHEN close = 'interruption' THEN CASE WHEN is_asked THEN 'denied or interrupted' ELSE 'interrupted' END
            -- Claude Code was most likely killed.
            WHEN silence_ms > CASE WHEN is_asked THEN 24 * 60 ELSE 15 END * 60_000 THEN 'no result'
        END AS outcome
    FROM followed
    WHERE event = 'PreToolUse'
)
SELECT
    project,
    tool,
    count(*) AS calls,
    count(*) FILTER (outcome = 'denied') AS denied,
    count(*) FILTER (outcome = 'interrupted') AS interrupted,
    count(*) FILTER (outcome = 'denied or interrupted') AS denied_or_interrupted,
    count(*) FILTER (outcome = 'no result') AS no_result,
    count(*) FILTER (outcome NOT IN ('succeeded', 'failed')) AS without_result,
    round(100 * without_result / calls, 1) AS percent
FROM outcomes
WHERE outcome IS NOT NULL
GROUP BY project, tool
HAVING without_result > 0
ORDER BY without_result DESC, project, tool
