package scratch

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	pg "github.com/sqlc-dev/oliphant"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
)

// undefinedObject is the SQLSTATE of a name that is not there, a role's too.
const undefinedObject = "42704"

// addRoles creates the roles that a statement failed for want of, on a server that
// is our own. It says whether it created any.
func (a *applier) addRoles(ctx context.Context, st step, err error) bool {
	e := serverError(err)
	if !a.opts.Owned || e == nil || e.Code != undefinedObject || st.kind.node == nil {
		return false
	}
	added := false
	for _, role := range rolesIn(st.SQL) {
		if a.guarded(ctx, "CREATE ROLE "+pgx.Identifier{role}.Sanitize()+" NOLOGIN") == nil {
			added = true
		}
	}
	return added
}

// rolesIn lists the roles that a statement names.
func rolesIn(sql string) []string {
	text, err := pg.ParseToJSON(sql)
	if err != nil {
		return nil
	}
	var tree any
	if json.Unmarshal([]byte(text), &tree) != nil {
		return nil
	}
	var list []string
	collectRoles(tree, &list)
	slices.Sort(list)
	return slices.Compact(list)
}

func collectRoles(node any, list *[]string) {
	switch n := node.(type) {
	case []any:
		for _, e := range n {
			collectRoles(e, list)
		}
	case map[string]any:
		for key, value := range n {
			if name, ok := value.(string); ok && key == "rolename" && name != "" {
				*list = append(*list, name)
			}
			collectRoles(value, list)
		}
	}
}

// role makes sure that the application's role exists.
func (a *applier) role(ctx context.Context) error {
	if err := a.exec(ctx, "DISCARD ALL"); err != nil {
		return fmt.Errorf("look for the role %s: %w", a.opts.Role, err)
	}
	var exists bool
	if err := a.conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", a.opts.Role).Scan(&exists); err != nil {
		return fmt.Errorf("look for the role %s: %w", a.opts.Role, err)
	}
	name := pgx.Identifier{a.opts.Role}.Sanitize()
	switch {
	case exists:
		return nil
	case a.opts.Owned:
		if err := a.exec(ctx, "CREATE ROLE "+name+" NOLOGIN"); err != nil {
			return fmt.Errorf("create the role %s: %w", a.opts.Role, err)
		}
		return nil
	}
	return a.failed(&project.Problem{Pos: a.roleAt, Message: fmt.Sprintf("the application's role %s does not exist on this server: run CREATE ROLE %s NOLOGIN "+
		"there (a schema's own CREATE ROLE is not run on a server that is not sqlkeel's own)", a.opts.Role, name)})
}
