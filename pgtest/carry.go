package pgtest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// carryQuery returns the statements that give database $2 what CREATE DATABASE does not
// copy from its template $1: owner, privileges, settings of the database and of roles
// in it, connection limit and comment. Security labels stay behind.
//
// Settings that are lists have quotes of their own in the catalog, which a literal would
// quote again: they come from the session, where they are set for that moment.
const carryQuery = `
WITH source AS (
	SELECT d.oid, d.datdba, d.datacl, d.datconnlimit, r.rolname AS owner, shobj_description(d.oid, 'pg_database') AS comment
	FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE d.datname = $1
), target AS (
	SELECT d.datdba, quote_ident(d.datname) AS name FROM pg_database d WHERE d.datname = $2
), setting AS (
	SELECT s.setrole, u.n, split_part(u.config, '=', 1) AS name, substr(u.config, strpos(u.config, '=') + 1) AS value,
		(SELECT string_agg(quote_ident(p), '.') FROM unnest(string_to_array(split_part(u.config, '=', 1), '.')) p) AS quoted,
		coalesce('ROLE ' || quote_ident(r.rolname) || ' IN ', '') || 'DATABASE ' || target.name AS of
	FROM source JOIN pg_db_role_setting s ON s.setdatabase = source.oid LEFT JOIN pg_roles r ON r.oid = s.setrole
	CROSS JOIN unnest(s.setconfig) WITH ORDINALITY u (config, n) CROSS JOIN target
	WHERE s.setrole = 0 OR r.oid IS NOT NULL
), statement AS (
	SELECT 1 AS step, 0 AS n, format('ALTER DATABASE %s OWNER TO %I', target.name, source.owner) AS sql
	FROM source, target WHERE source.datdba <> target.datdba
	UNION ALL
	SELECT 2, 0, format('REVOKE ALL ON DATABASE %1$s FROM PUBLIC; REVOKE ALL ON DATABASE %1$s FROM %2$I', target.name, source.owner)
	FROM source, target WHERE source.datacl IS NOT NULL
	UNION ALL
	SELECT 3, 0, format('GRANT %s ON DATABASE %s TO %s', a.privilege_type, target.name, coalesce(quote_ident(r.rolname), 'PUBLIC'))
		|| CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
	FROM source CROSS JOIN aclexplode(source.datacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee CROSS JOIN target
	WHERE a.grantee = 0 OR r.oid IS NOT NULL
	UNION ALL
	SELECT 4, n, CASE
		WHEN name IN ('search_path', 'temp_tablespaces', 'local_preload_libraries', 'session_preload_libraries') THEN format('SELECT set_config(%L, %L, true); ALTER %s SET %s FROM CURRENT', name, value, of, quoted)
		ELSE format('ALTER %s SET %s TO %L', of, quoted, value) END
	FROM setting
	UNION ALL
	SELECT 5, 0, format('ALTER DATABASE %s CONNECTION LIMIT %s', target.name, source.datconnlimit) FROM source, target WHERE source.datconnlimit <> -1
	UNION ALL
	SELECT 6, 0, format('COMMENT ON DATABASE %s IS %L', target.name, source.comment) FROM source, target WHERE source.comment IS NOT NULL
)
SELECT sql FROM statement ORDER BY step, n`

// carry gives a clone what CREATE DATABASE did not copy. When that fails the clone is
// dropped.
func carry(ctx context.Context, admin *pgx.Conn, source, name string) error {
	rows, _ := admin.Query(ctx, carryQuery, source, name)
	statements, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err == nil && len(statements) > 0 {
		_, err = admin.PgConn().Exec(ctx, strings.Join(statements, ";\n")).ReadAll()
	}
	if err == nil {
		return nil
	}
	_, dropErr := admin.Exec(context.WithoutCancel(ctx), "DROP DATABASE IF EXISTS "+quote(name)+" WITH (FORCE)")
	return errors.Join(fmt.Errorf("carry over what is set on the database: %w", err), dropErr)
}
