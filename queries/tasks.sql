-- ClaimTasks locks the oldest ready tasks that no other session holds. The locks
-- end with the transaction, so a worker that dies gives its tasks back.
-- name: ClaimTasks :many
SELECT t.id, t.kind, t.payload
FROM tasks t
WHERE t.state = 'ready'
ORDER BY t.id
LIMIT @max_rows::integer
FOR UPDATE SKIP LOCKED;

-- EndTasks records how the tasks went. The arrays have one element a task; an
-- empty error means done.
-- name: EndTasks :execrows
WITH outcome AS (
    SELECT unnest(@ids::bigint[]) AS id, unnest(@errors::text[]) AS error
)
UPDATE tasks t
SET state = CASE WHEN o.error = '' THEN 'done'::task_state ELSE 'failed'::task_state END,
    last_error = o.error,
    ended_at = now()
FROM outcome o
WHERE t.id = o.id AND t.state = 'ready';

-- name: CountTasks :many
SELECT t.state, count(*) AS tasks FROM tasks t GROUP BY t.state ORDER BY t.state;

-- name: AddTask :one
INSERT INTO tasks (kind, payload) VALUES (@kind, @payload) RETURNING id;

-- name: CopyTasks :copyfrom
INSERT INTO tasks (kind, payload) VALUES (@kind, @payload);
