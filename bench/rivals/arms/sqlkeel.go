package arms

import (
	"context"

	"github.com/sqlkeel/sqlkeel/bench/rivals"
	"github.com/sqlkeel/sqlkeel/bench/rivals/store"
	"github.com/sqlkeel/sqlkeel/cache"
	"github.com/sqlkeel/sqlkeel/db"
)

// sqlkeelArm is the same code of sqlc on a db.DB, which sends the parts of a statement
// that are needed. With a cache, a result is read from memory until a write makes it old.
var sqlkeelArm = rivals.Arm{
	Name: rivals.Ours, Module: "github.com/sqlkeel/sqlkeel", About: "the same code of sqlc on a db.DB with its checks on; results from package cache in the hot reads",
	Open: func(ctx context.Context, o rivals.Options) (*rivals.Store, error) {
		cfg := db.Config{DSN: o.DSN, MaxConns: o.Conns, MinConns: o.Conns, Statements: store.Statements}
		var results *cache.Cache
		if o.Cache {
			var err error
			if results, err = cache.New(cache.Config{}); err != nil {
				return nil, err
			}
			cfg.Invalidator = results
		}
		d, err := db.Open(ctx, cfg)
		if err != nil {
			return nil, err
		}
		q := store.New(d)
		s := queriesOn(q)
		s.CachedBookByID.Why = "it was opened without a cache"
		if results != nil {
			s.CachedBookByID = rivals.As(store.NewCached(q, results).BookByID, storedBook)
		}
		s.Close = func() { _ = d.Close(context.WithoutCancel(ctx)) }
		return s, nil
	},
}
