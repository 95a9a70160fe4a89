SELECT
    session_id,
    arg_min(project, place) AS in_project,
    min(time) AS first_event,
    max(time) AS last_event,
    count(*) AS events,
    count(*) FILTER (is_prompt) AS prompts,
    greatest(
        count(*) FILTER (event = 'PreToolUse'),
        count(*) FILTER (event IN ('PostToolUse', 'PostToolUseFailure'))) AS tool_calls
FROM claude_events
GROUP BY session_id
ORDER BY last_event DESC, session_id
LIMIT 100
