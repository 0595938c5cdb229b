package gen

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sqlkeel/sqlkeel/internal/pgserver"
)

// stopTimeout bounds the end of a server that was started here.
const stopTimeout = 30 * time.Second

// withServer calls work with a server's DSN. owned says that the server was
// started for this.
func withServer(ctx context.Context, o Options, work func(dsn string, owned bool) error) (err error) {
	if o.DSN != "" {
		return work(o.DSN, false)
	}
	server, err := pgserver.Start(ctx, pgserver.Config{Report: o.Report})
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		if stopErr := server.Stop(ctx); stopErr != nil && !errors.Is(stopErr, pgserver.ErrNotOwned) {
			err = errors.Join(err, fmt.Errorf("stop the server: %w", stopErr))
		}
	}()
	return work(server.DSN(), server.Owned())
}
