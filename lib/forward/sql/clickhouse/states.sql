SELECT
    countIf(state = 'at work') AS at_work,
    countIf(state = 'needs an answer') AS needs_answer,
    countIf(state = 'waits for a prompt') AS waits_for_prompt,
    countIf(state = 'silent') AS silent
FROM
(
    SELECT
        argMaxIf(event = 'SessionEnd', at, event IN ('SessionStart', 'SessionEnd', 'UserPromptSubmit', 'PreToolUse')) AS is_ended,
        argMaxIf(effect, at, effect IN ('work', 'question', 'pause')) AS last_change,
        argMaxIf(effect, at, effect != '') AS last_effect,
        multiIf(
            is_ended, 'ended',
            last_change = 'pause', 'waits for a prompt',
            last_effect IN ('question', 'reminder'), 'needs an answer',
            -- No command runs for longer than ten minutes: Claude Code was most likely killed, which no event reports.
            max(timestamp) < {until} - INTERVAL 15 MINUTE, 'silent',
            'at work') AS state
    FROM
    (
        SELECT
            session_id,
            timestamp,
            event,
            (timestamp, toUInt128(id)) AS at,
            multiIf(
                event IN ('PermissionRequest', 'Elicitation'), 'question',
                event IN ('Stop', 'StopFailure'), 'pause',
                -- A reminder during a pause changes nothing.
                event = 'Notification', if(should_notify, 'reminder', ''),
                event = 'SessionStart', if(source = 'compact', '', 'pause'),
                event IN ('SessionEnd', 'SubagentStop', 'PreCompact', 'PostCompact', 'PostModelSwitch',
                    'InstructionsLoaded', 'ConfigChange', 'CwdChanged', 'DirectoryAdded'), '',
                -- A subagent that works in the background does not end a pause.
                agent_id = '', 'work', 'work of a subagent') AS effect
        FROM claude_events FINAL
        WHERE {scope} AND timestamp > {until} - INTERVAL 1 DAY AND timestamp <= {until}
    )
    GROUP BY session_id
)
