-- name: LogOfEntity :many
SELECT l.id, l.logged_at, l.action, l.detail
FROM system_log l
WHERE l.entity = @entity AND l.entity_id = @entity_id
ORDER BY l.id;
