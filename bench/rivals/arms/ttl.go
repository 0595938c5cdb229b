package arms

import (
	"context"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/sqlkeel/sqlkeel/bench/rivals"
)

// ttlArm is what one puts in front of pgx by hand: a cache that forgets after a second,
// and knows nothing of writes.
var ttlArm = rivals.Arm{
	Name: "pgx and a TTL", Module: "github.com/maypok86/otter/v2", About: "pgx by hand behind an otter cache with a TTL of a second, which writes do not change",
	CacheOnly: true,
	Open: func(ctx context.Context, o rivals.Options) (*rivals.Store, error) {
		pool, err := openPool(ctx, o)
		if err != nil {
			return nil, err
		}
		results, err := otter.New(&otter.Options[int64, rivals.Book]{
			MaximumSize: 10_000, ExpiryCalculator: otter.ExpiryWriting[int64, rivals.Book](time.Second),
		})
		if err != nil {
			pool.Close()
			return nil, err
		}
		a := byHand{pool}
		load := otter.LoaderFunc[int64, rivals.Book](a.bookByID)
		return &rivals.Store{
			CachedBookByID: rivals.Plain(func(ctx context.Context, id int64) (rivals.Book, error) { return results.Get(ctx, id, load) }),
			SetPrice:       rivals.Plain(a.setPrice),
			Close:          func() { results.StopAllGoroutines(); pool.Close() },
		}, nil
	},
}
