SELECT
    CAST(time AS DATE) AS day,
    user,
    count(*) FILTER (is_prompt) AS prompts,
    count(DISTINCT session_id) AS sessions
FROM claude_events
GROUP BY day, user
ORDER BY day, user
