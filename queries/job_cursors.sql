-- name: GetJobCursor :one
SELECT coalesce((SELECT c.position FROM job_cursors c WHERE c.job = @job), 0)::bigint AS position;

-- name: SaveJobCursor :exec
INSERT INTO job_cursors (job, position) VALUES (@job, @position)
ON CONFLICT (job) DO UPDATE SET position = excluded.position, updated_at = now();
