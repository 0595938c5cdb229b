package db

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

// claimer is an Invalidator that wants to know which database a name stands for, as
// cache.Cache does: see its Claim.
type claimer interface {
	Claim(target, identity, session string) (writes string, release func(), err error)
}

// claim is that of the DB's name for a database. Open makes it before the pool, so that
// no write precedes it. Then it is the monitor's.
type claim struct {
	identity string
	release  func()      // nil: there is no claim
	refused  bool        // it failed
	denied   atomic.Bool // it failed, the server is a standby, or the DB was closed
}

// identityQuery asks for what a database and its physical standbys alone have.
const identityQuery = `
	SELECT pg_catalog.format('system %s database %s', c.system_identifier, d.oid)
	FROM pg_catalog.pg_control_system() c, pg_catalog.pg_database d
	WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()`

// identityOf returns the identity of conn's database. It is empty if the server does not
// say.
func identityOf(ctx context.Context, conn *pgx.Conn) (identity string, err error) {
	err = conn.QueryRow(ctx, identityQuery, pgx.QueryExecModeSimpleProtocol).Scan(&identity)
	switch pgerr.Code(err) {
	case "42501", "42883", "42P01", "0A000": // no privilege, or another kind of server
		return "", nil
	}
	return identity, err
}

// identify claims the DB's name for the database behind the monitor's connection, once
// for each of these: behind a new one may be another server. Until it is known nothing is
// cached.
func (m *monitor) identify(ctx context.Context) error {
	c, ok := m.d.cfg.Invalidator.(claimer)
	if !ok || m.identified == m.conn {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, m.d.cfg.ConnectTimeout) // it is a part of connecting
	defer cancel()
	identity, err := identityOf(ctx, m.conn)
	if err != nil {
		m.d.schema.fit.Store(0)
		return err
	}
	m.identified = m.conn
	m.d.claimAs(c, identity)
	return nil
}

// claimAs claims the name for the identity, in place of the claim that there is. Writes
// keep the name by which they are announced: where it would be another now, the database
// counts as one of unknown identity.
func (d *DB) claimAs(c claimer, identity string) {
	own, first := &d.claim, d.claim.release == nil
	if !first && own.identity == identity {
		return
	}
	d.schema.fit.Store(0)
	d.unclaim()
	writes, release, err := c.Claim(d.cfg.Name, identity, settingsOf(d.monitor.config))
	switch {
	case first:
		d.listener.Target = writes
	case writes != d.listener.Target:
		release()
		_, release, _ = c.Claim(d.cfg.Name, "", "")
		err = errors.Join(err, errors.New("db: it was another database when it was opened: close it and open it again"))
	}
	if identity == "" {
		err = fmt.Errorf("%w: GRANT EXECUTE ON FUNCTION pg_control_system() TO the role of the DSN", err)
	}
	own.identity, own.release, own.refused = identity, release, err != nil
	if err != nil {
		d.events.unclaimed(err)
	}
}

// settingsOf returns the settings that sessions begin with, as far as they may decide a
// result.
func settingsOf(config *pgx.ConnConfig) string {
	list := []string{"user=" + config.User}
	for name, value := range config.RuntimeParams {
		if name != "application_name" && !strings.HasSuffix(name, "_timeout") {
			list = append(list, name+"="+value)
		}
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

// unclaim gives the claim back.
func (d *DB) unclaim() {
	if release := d.claim.release; release != nil {
		release()
	}
}

// deny decides whether results are cached. What is written on a primary becomes visible
// on its standbys later, which the Invalidator does not know.
func (m *monitor) deny(standby bool) {
	denied := m.d.claim.refused || standby
	if denied {
		m.d.schema.fit.Store(0)
	}
	if m.d.claim.denied.Swap(denied) != denied {
		m.compared = false
	}
}
