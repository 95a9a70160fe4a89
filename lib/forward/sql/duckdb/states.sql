WITH effects AS
(
    SELECT
        *,
        CASE
            WHEN event IN ('PermissionRequest', 'Elicitation') THEN 'question'
            WHEN event IN ('Stop', 'StopFailure') THEN 'pause'
            -- A reminder during a pause changes nothing.
            WHEN event = 'Notification' THEN CASE WHEN should_notify THEN 'reminder' END
            WHEN event = 'SessionStart' THEN CASE WHEN source != 'compact' THEN 'pause' END
            WHEN event IN ('SessionEnd', 'SubagentStop', 'PreCompact', 'PostCompact', 'PostModelSwitch',
                'InstructionsLoaded', 'ConfigChange', 'CwdChanged', 'DirectoryAdded') THEN NULL
            -- A subagent that works in the background does not end a pause.
            WHEN agent_id IS NULL THEN 'work'
            ELSE 'work of a subagent'
        END AS effect
    FROM claude_events
),
sessions AS
(
    SELECT
        session_id,
        epoch_ms(now()) - epoch_ms(max(time)) AS silence_ms,
        arg_max(event, place) FILTER (event IN ('SessionStart', 'SessionEnd', 'UserPromptSubmit', 'PreToolUse')) AS last_bound,
        arg_max(effect, place) FILTER (effect IN ('work', 'question', 'pause')) AS last_change,
        arg_max(effect, place) FILTER (effect IS NOT NULL) AS last_effect
    FROM effects
    GROUP BY session_id
    HAVING silence_ms < 24 * 60 * 60_000
)
SELECT
    CASE
        WHEN last_bound = 'SessionEnd' THEN 'ended'
        WHEN last_change = 'pause' THEN 'waits for a prompt'
        WHEN last_effect IN ('question', 'reminder') THEN 'needs an answer'
        -- No command runs for longer than ten minutes: Claude Code was most likely killed, which no event reports.
        WHEN silence_ms > 15 * 60_000 THEN 'silent'
        ELSE 'at work'
    END AS state,
    count(*) AS sessions
FROM sessions
GROUP BY state
ORDER BY state
