SELECT
    timestamp AS time,
    event,
    agent_type AS subagent,
    tool,
    substringUTF8(multiIf(
        event = 'UserPromptSubmit', JSONExtractString(payload, 'prompt'),
        event IN ('Stop', 'SubagentStop'), JSONExtractString(payload, 'last_assistant_message'),
        event IN ('PostToolUseFailure', 'StopFailure'), JSONExtractString(payload, 'error'),
        event = 'Notification', JSONExtractString(payload, 'message'),
        event = 'SessionStart', concat(source, ' ', model),
        event = 'SessionEnd', end_reason,
        -- The most informative parameter of a call.
        arrayFirst(text -> text != '', arrayMap(name -> JSONExtractString(parameters, name),
            ['command', 'file_path', 'notebook_path', 'pattern', 'path', 'url', 'query', 'description', 'subject', 'skill', 'name', 'prompt']))
    ), 1, 400) AS what,
    duration_ms,
    tool_use_id,
    prompt_id
FROM claude_events FINAL
WHERE {scope} AND {range} AND session_id = {session}
ORDER BY timestamp, toUInt128(id)
LIMIT 1000
