-- name: A :one
-- @foo bar
-- @page
-- @row lower
-- @reads
-- @writes a,,"
-- @cache ttl=never
-- @replica lag=3s
SELECT id FROM t
  -- @page key=id
WHERE id = $1 -- @cache ttl=2s
;

-- name: B :one
-- @page key=a,a
-- @cache ttl=1s
-- @replica
-- @cache ttl=5s
/* @reads t */
--   @writes nothing
SELECT id FROM t WHERE name <> '
-- @row NotOne
' AND id = $1;

-- name: C :one
-- @page key=a desc
-- @reads nothing, t
-- @writes "A b".c t.d, é
-- @cache ttl=-3s
-- @row Two Words
SELECT id FROM t WHERE id = $1;

-- @reads t
