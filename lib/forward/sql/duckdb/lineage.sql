WITH bounds AS
(
    SELECT
        *,
        CASE WHEN event = 'SessionEnd' THEN payload ->> 'reason' END AS end_reason,
        -- A process has one session at a time: clear and fork continue the one before.
        -- An end by clear or resume is not the end of the process, so it is kept apart.
        lag(session_id) OVER process AS session_before,
        lag(event) OVER process AS event_before
    FROM claude_events
    WHERE event IN ('SessionStart', 'SessionEnd')
    WINDOW process AS (
        PARTITION BY project_dir, pid, event = 'SessionEnd' AND (payload ->> 'reason') IN ('clear', 'resume') ORDER BY place)
)
SELECT
    session_id,
    arg_min(project, place) AS in_project,
    min(time) AS first_start,
    arg_min(source, place) FILTER (event = 'SessionStart') AS started_by,
    arg_min(session_before, place) FILTER (
        source IN ('clear', 'fork') AND event_before = 'SessionStart' AND session_before != session_id) AS continues,
    count(*) FILTER (source = 'resume') AS resumes,
    count(*) FILTER (source = 'compact') AS compactions,
    arg_max(end_reason, place) FILTER (event = 'SessionEnd') AS ended_by
FROM bounds
GROUP BY session_id
HAVING continues IS NOT NULL OR resumes > 0 OR compactions > 0 OR ended_by = 'clear'
ORDER BY first_start DESC, session_id
