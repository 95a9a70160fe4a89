WITH
    events AS
    (
        SELECT
            session_id, agent_id, project, tool, tool_use_id, parameters_hash, event, timestamp, source, is_interrupt, is_prompt,
            -- Events of one millisecond are in the order of their ids.
            toUInt64(toUnixTimestamp64Milli(timestamp)) * 65536 + toUInt64(bitAnd(bitShiftRight(toUInt128(id), 64), 65535)) AS at
        FROM claude_events FINAL
        WHERE {scope} AND {range}
    ),
    calls AS
    (
        SELECT
            session_id,
            agent_id,
            tool_use_id,
            argMaxIf(project, at, event = 'PreToolUse') AS project,
            argMaxIf(tool, at, event = 'PreToolUse') AS tool,
            argMaxIf(parameters_hash, at, event = 'PreToolUse') AS parameters_hash,
            maxIf(at, event = 'PreToolUse') AS begun_at,
            toInt64(countIf(event = 'PreToolUse')) AS begun,
            toInt64(countIf(event = 'PermissionDenied')) AS denials,
            toInt64(countIf(event = 'PostToolUseFailure' AND is_interrupt)) AS interrupts,
            greatest(begun - denials - toInt64(countIf(event IN ('PostToolUse', 'PostToolUseFailure'))), 0) AS open
        FROM events
        WHERE tool_use_id != ''
        -- Ids of some model routers repeat in subagents.
        GROUP BY session_id, agent_id, tool_use_id
        HAVING begun > 0
    ),
    -- After these, no result can come.
    closes_of_agent AS
    (
        SELECT session_id, agent_id, at, event != 'UserPromptSubmit' AS is_end
        FROM events
        WHERE event IN ('Stop', 'StopFailure', 'SubagentStop') OR is_prompt
    ),
    closes_of_session AS
    (
        SELECT session_id, at
        FROM events
        WHERE event = 'SessionEnd' OR (event = 'SessionStart' AND source != 'compact')
    ),
    -- A question names no call; it belongs to the call of the same agent with the same input.
    questions AS
    (
        SELECT session_id, agent_id, tool, parameters_hash, at
        FROM events
        WHERE event = 'PermissionRequest'
    ),
    ends AS
    (
        SELECT session_id, max(timestamp) AS last_at
        FROM events
        GROUP BY session_id
    ),
    outcomes AS
    (
        SELECT
            calls.project AS project,
            calls.tool AS tool,
            begun,
            denials,
            interrupts,
            open,
            -- 0 if there is none, or NULL if the server is configured that way.
            ifNull(closes_of_agent.at, 0) AS agent_close,
            ifNull(closes_of_session.at, 0) AS session_close,
            ifNull(questions.at, 0) AS question,
            agent_close > 0 AND (session_close = 0 OR agent_close < session_close) AS is_of_agent,
            if(is_of_agent, agent_close, session_close) AS close,
            question > 0 AND (close = 0 OR question < close) AS is_asked,
            multiIf(
                open = 0, '',
                is_of_agent AND closes_of_agent.is_end, if(is_asked, 'denied', 'no result'),
                close > 0, if(is_asked, 'denied or interrupted', 'interrupted'),
                -- Claude Code was most likely killed.
                ends.last_at < {until} - if(is_asked, INTERVAL 1 DAY, INTERVAL 15 MINUTE), 'no result',
                'running') AS outcome
        FROM calls
        ASOF LEFT JOIN closes_of_agent
            ON calls.session_id = closes_of_agent.session_id AND calls.agent_id = closes_of_agent.agent_id
            AND calls.begun_at < closes_of_agent.at
        ASOF LEFT JOIN closes_of_session
            ON calls.session_id = closes_of_session.session_id AND calls.begun_at < closes_of_session.at
        ASOF LEFT JOIN questions
            ON calls.session_id = questions.session_id AND calls.agent_id = questions.agent_id AND calls.tool = questions.tool
            AND calls.parameters_hash = questions.parameters_hash AND calls.begun_at < questions.at
        LEFT JOIN ends ON calls.session_id = ends.session_id
    )
SELECT
    project,
    tool,
    sum(begun - if(outcome = 'running', open, 0)) AS calls,
    sum(denials + if(outcome = 'denied', open, 0)) AS denied,
    sum(interrupts + if(outcome = 'interrupted', open, 0)) AS interrupted,
    sumIf(open, outcome = 'denied or interrupted') AS denied_or_interrupted,
    sumIf(open, outcome = 'no result') AS no_result,
    sum(denials + interrupts + if(outcome = 'running', 0, open)) AS without_result,
    round(100 * without_result / calls, 1) AS percent
FROM outcomes
GROUP BY project, tool
HAVING without_result > 0
ORDER BY without_result DESC, project, tool
LIMIT 100
