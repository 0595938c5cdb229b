-- LockJobCursor reads how far a job has come and keeps others from it until
-- the transaction ends. A job that has not begun is at 0.
-- name: LockJobCursor :one
INSERT INTO job_cursors (job, position) VALUES (@job, 0)
ON CONFLICT (job) DO UPDATE SET position = job_cursors.position
RETURNING position;

-- name: SaveJobCursor :exec
INSERT INTO job_cursors (job, position) VALUES (@job, @position)
ON CONFLICT (job) DO UPDATE SET position = excluded.position, updated_at = now();
