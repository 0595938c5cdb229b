package container

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"

	"github.com/sqlkeel/sqlkeel/internal/pgserver"
)

// startDownload runs a server from downloaded binaries, which are kept.
func startDownload(ctx context.Context, cfg pgserver.Config) (pgserver.Instance, error) {
	cache, err := cacheDir(os.Geteuid())
	if err != nil {
		return nil, err
	}
	home := filepath.Join(cache, "postgres-"+string(embeddedpostgres.V18))
	bin := filepath.Join(home, "bin")
	if pgserver.HoldsServer(bin) != nil {
		if err := download(ctx, cache, home, fetchFrom(cfg.Getenv("SQLKEEL_PG_REPOSITORY"))); err != nil {
			return nil, err
		}
	}
	return pgserver.StartBinaries(ctx, cfg, bin)
}

// cacheDir is where binaries are kept. Those of root must be open to the user
// its servers run as.
func cacheDir(euid int) (string, error) {
	if euid == 0 {
		return "/var/cache/sqlkeel", nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "sqlkeel"), nil
}

// download fetches into a directory of its own and moves that into place, so that
// home is complete if it exists. Two processes may race: both results are good.
func download(ctx context.Context, cache, home string, fetch func(dir string) error) error {
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(cache, "fetch-")
	if err != nil {
		return err
	}
	// fetch knows no context: when ctx ends it goes on alone and cleans up.
	fetched := make(chan error, 1)
	go func() {
		err := fetch(dir)
		if err == nil {
			err = os.Rename(filepath.Join(dir, "pg"), home)
		}
		if pgserver.HoldsServer(filepath.Join(home, "bin")) == nil {
			err = nil
		}
		fetched <- errors.Join(err, os.RemoveAll(dir))
	}()
	select {
	case err := <-fetched:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// fetchFrom returns a function that puts the binaries from a Maven repository,
// the library's own when empty, into dir/pg. The library cannot fetch without
// starting a server too, which fails for root: only what it unpacked counts.
func fetchFrom(repository string) func(dir string) error {
	return func(dir string) error {
		port, err := pgserver.FreePort()
		if err != nil {
			return err
		}
		pg := filepath.Join(dir, "pg")
		cfg := embeddedpostgres.DefaultConfig().
			Version(embeddedpostgres.V18).
			Port(uint32(port)).
			Logger(io.Discard).
			CachePath(filepath.Join(dir, "archive")).
			BinariesPath(pg).
			RuntimePath(filepath.Join(dir, "run")).
			DataPath(filepath.Join(dir, "run", "data"))
		if repository != "" {
			cfg = cfg.BinaryRepositoryURL(repository)
		}
		server := embeddedpostgres.NewDatabase(cfg)
		err = server.Start()
		if err == nil {
			return server.Stop()
		}
		if pgserver.HoldsServer(filepath.Join(pg, "bin")) == nil {
			return nil
		}
		return err
	}
}
