package catalog

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// searchPath is a search_path: as a setting, and the schemas in it.
type searchPath struct {
	setting string // "" for the session's own
	schemas []string
}

// loadPaths reads the search_path of the session, and those of roles whose sessions may
// call what is here. paths are all of them; where a path has $user, one for each schema
// that is called like a role too.
func (l *loader) loadPaths(ctx context.Context, tx pgx.Tx) error {
	var own, setting string
	err := tx.QueryRow(ctx, `
		SELECT current_setting('search_path'), current_schemas(false)::text[],
		       ARRAY(SELECT n.nspname FROM pg_namespace n JOIN pg_roles r ON r.rolname = n.nspname)::text[]`).Scan(&own, &l.path, &l.users)
	if err != nil {
		return err
	}
	l.paths = []searchPath{{schemas: l.path}}
	l.variants(own)
	err = each(ctx, tx, `
		SELECT DISTINCT substr(c, 13) FROM pg_db_role_setting s, unnest(s.setconfig) c
		WHERE c LIKE 'search\_path=%' AND s.setdatabase IN (0, (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()))
		ORDER BY 1`,
		[]any{&setting}, func() { l.variants(setting) })
	l.sessions = len(l.paths)
	return err
}

// variants returns the paths that a setting may mean, by their places in paths: where it
// has $user, one for each schema that is called like a role too.
func (c *Catalog) variants(setting string) []int {
	schemas := splitPath(setting)
	if !slices.Contains(schemas, anyUser) {
		return []int{c.addPath(setting, schemas)}
	}
	list := []int{c.addPath("", slices.DeleteFunc(slices.Clone(schemas), func(s string) bool { return s == anyUser }))}
	for _, user := range c.users {
		one := slices.Clone(schemas)
		for i, s := range one {
			if s == anyUser {
				one[i] = user
			}
		}
		list = append(list, c.addPath("", one))
	}
	return list
}

// addPath returns the place of a path, which it adds when it is new.
func (c *Catalog) addPath(setting string, schemas []string) int {
	for i, p := range c.paths {
		if slices.Equal(p.schemas, schemas) {
			return i
		}
	}
	if setting == "" {
		var list []string
		for _, s := range schemas {
			list = append(list, `"`+strings.ReplaceAll(s, `"`, `""`)+`"`)
		}
		setting = strings.Join(list, ", ")
	}
	if setting == "" {
		setting = `""`
	}
	c.paths = append(c.paths, searchPath{setting, schemas})
	return len(c.paths) - 1
}

// pathsIn returns the search_paths under which a function's body runs, when it is called
// under one.
func (c *Catalog) pathsIn(f *Function, outer int) []int {
	switch {
	case !f.hasPath:
		return []int{outer}
	case f.inside == nil:
		f.inside = c.variants(f.path)
	}
	return f.inside
}

// anyUser in a search_path is the schema called like the role that asks.
const anyUser = "$user"

// splitPath cuts a search_path as pg_proc keeps it.
func splitPath(setting string) []string {
	path := []string{}
	for _, s := range strings.Split(setting, ",") {
		s = strings.TrimSpace(s)
		if quoted, ok := strings.CutPrefix(s, `"`); ok {
			s = strings.ReplaceAll(strings.TrimSuffix(quoted, `"`), `""`, `"`)
		}
		if s != "" {
			path = append(path, s)
		}
	}
	return path
}
