SELECT
    time,
    event,
    agent_type AS subagent,
    tool,
    left(CASE
        WHEN event = 'UserPromptSubmit' THEN prompt
        WHEN event IN ('Stop', 'SubagentStop') THEN payload ->> 'last_assistant_message'
        WHEN event IN ('PostToolUseFailure', 'StopFailure') THEN payload ->> 'error'
        WHEN event = 'Notification' THEN payload ->> 'message'
        WHEN event = 'SessionStart' THEN concat_ws(' ', source, payload ->> 'model')
        WHEN event = 'SessionEnd' THEN payload ->> 'reason'
        -- The most informative parameter of a call.
        ELSE coalesce(
            parameters ->> 'command', parameters ->> 'file_path', parameters ->> 'notebook_path', parameters ->> 'pattern',
            parameters ->> 'path', parameters ->> 'url', parameters ->> 'query', parameters ->> 'description',
            parameters ->> 'subject', parameters ->> 'skill', parameters ->> 'name', parameters ->> 'prompt')
    END, 400) AS what,
    duration_ms,
    tool_use_id,
    prompt_id
FROM claude_events
WHERE session_id = (SELECT arg_max(session_id, place) FROM claude_events)
ORDER BY place
