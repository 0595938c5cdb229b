package pgserver

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
)

// account is the user a server runs as. PostgreSQL refuses to run as root, so
// root lends it another name.
type account struct {
	name     string
	uid, gid int
}

// pickAccount returns nil when this process may run a server itself.
func pickAccount(euid int) (*account, error) {
	if euid != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.Atoi(u.Uid)
		gid, gidErr := strconv.Atoi(u.Gid)
		if uidErr == nil && gidErr == nil {
			return &account{name, uid, gid}, nil
		}
	}
	return nil, fmt.Errorf("PostgreSQL does not run as root, and there is no other user to run it as: create the user postgres")
}

// makeHome creates the directory of one server, owned by its account. As root
// it takes the first candidate that the account can reach: a private TMPDIR
// would otherwise end in a misleading "permission denied" for initdb.
func (a *account) makeHome(candidates ...string) (string, error) {
	var err error
	for _, parent := range candidates {
		if a != nil && !openToAll(parent) {
			err = fmt.Errorf("user %s cannot enter %s: a directory on its way is closed", a.name, parent)
			continue
		}
		var home string
		if home, err = os.MkdirTemp(parent, "sqlkeel-pg-"); err != nil {
			continue
		}
		if a != nil {
			err = os.Chown(home, a.uid, a.gid)
		}
		return home, err
	}
	return "", err
}

// openToAll reports whether everybody may enter dir and all above it.
func openToAll(dir string) bool {
	for {
		info, err := os.Stat(dir)
		if err != nil || info.Mode().Perm()&0o001 == 0 {
			return false
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return true
		}
		dir = parent
	}
}
