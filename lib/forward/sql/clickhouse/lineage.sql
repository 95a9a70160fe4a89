SELECT
    session_id,
    argMin(project, at) AS in_project,
    argMin(user, at) AS by_user,
    min(timestamp) AS first_start,
    argMinIf(source, at, event = 'SessionStart') AS started_by,
    -- A process has one session at a time: clear and fork continue the one before.
    argMinIf(before.1, at, source IN ('clear', 'fork') AND before.2 = 'SessionStart' AND before.1 != session_id) AS continues,
    countIf(source = 'resume') AS resumes,
    countIf(source = 'compact') AS compactions,
    argMaxIf(end_reason, at, event = 'SessionEnd') AS ended_by
FROM
(
    SELECT
        session_id, project, user, timestamp, event, source, end_reason,
        (timestamp, toUInt128(id)) AS at,
        -- An end by clear or resume is not the end of the process, so it is kept apart.
        lagInFrame((session_id, event)) OVER (
            PARTITION BY user, project_dir, pid, end_reason IN ('clear', 'resume') ORDER BY timestamp, toUInt128(id)) AS before
    FROM claude_events FINAL
    WHERE {scope} AND {range} AND event IN ('SessionStart', 'SessionEnd')
)
GROUP BY session_id
HAVING continues != '' OR resumes > 0 OR compactions > 0 OR ended_by = 'clear'
ORDER BY first_start DESC, session_id
LIMIT 100
