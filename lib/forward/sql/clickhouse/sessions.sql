SELECT
    session_id,
    argMin(project, timestamp) AS in_project,
    argMin(user, timestamp) AS by_user,
    min(timestamp) AS first_event,
    max(timestamp) AS last_event,
    count() AS events,
    countIf(is_prompt) AS prompts,
    -- A destination may be sent only the ends of calls.
    greatest(countIf(event = 'PreToolUse'), countIf(event IN ('PostToolUse', 'PostToolUseFailure'))) AS tool_calls
FROM claude_events FINAL
WHERE {scope} AND {range}
GROUP BY session_id
ORDER BY last_event DESC, session_id
LIMIT 100
