//go:build unix

package container

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sqlkeel/sqlkeel/internal/pgserver"
)

// repository serves one archive, whatever version is asked for, as a Maven
// repository does.
func repository(t *testing.T, txz string) (url string, requests *atomic.Int64) {
	t.Helper()
	content, err := os.ReadFile(txz)
	if err != nil {
		t.Fatal(err)
	}
	var jar bytes.Buffer
	w := zip.NewWriter(&jar)
	f, err := w.Create("postgres.txz")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	requests = new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if strings.HasSuffix(r.URL.Path, ".sha256") {
			sum := sha256.Sum256(jar.Bytes())
			_, _ = w.Write([]byte(hex.EncodeToString(sum[:])))
			return
		}
		_, _ = w.Write(jar.Bytes())
	}))
	t.Cleanup(func() {
		server.Close()
		http.DefaultClient.CloseIdleConnections() // the library's client
	})
	return server.URL, requests
}

// TestBinariesAreFetchedFromARepository uses an archive of empty stand-ins: what
// is fetched matters here, not what it does.
func TestBinariesAreFetchedFromARepository(t *testing.T) {
	url, requests := repository(t, "testdata/standins.txz")
	cache := t.TempDir()
	home := filepath.Join(cache, "postgres-0")
	if err := download(t.Context(), cache, home, fetchFrom(url)); err != nil {
		t.Fatal(err)
	}
	if err := pgserver.HoldsServer(filepath.Join(home, "bin")); err != nil {
		t.Error(err)
	}
	if requests.Load() == 0 {
		t.Error("the repository was not asked")
	}
	left, err := os.ReadDir(cache)
	if err != nil || len(left) != 1 {
		t.Errorf("the cache holds %v, %v; want the binaries alone", left, err)
	}
}

func TestARepositoryThatCannotBeReachedIsTheReason(t *testing.T) {
	t.Parallel()
	l, err := pgserver.Listen()
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	cache := t.TempDir()
	err = download(t.Context(), cache, filepath.Join(cache, "postgres-0"), fetchFrom("http://"+l.Addr().String()))
	wantInError(t, err, "unable to connect to http://"+l.Addr().String())
	if left, err := os.ReadDir(cache); err != nil || len(left) != 0 {
		t.Errorf("after a failure the cache holds %v, %v", left, err)
	}
}

func TestTheLoserOfTwoDownloadsUsesTheWinnersBinaries(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	home := filepath.Join(cache, "postgres-0")
	fetch := func(dir string) error {
		bin := filepath.Join(dir, "pg", "bin")
		return errors.Join(os.MkdirAll(bin, 0o755), os.WriteFile(filepath.Join(bin, "initdb"), nil, 0o755),
			os.WriteFile(filepath.Join(bin, "postgres"), nil, 0o755))
	}
	for range 2 {
		if err := download(t.Context(), cache, home, fetch); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAnEndedContextEndsTheWaitForADownload(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cache := t.TempDir()
	release, done := make(chan struct{}), make(chan struct{})
	fetch := func(string) error {
		defer close(done)
		cancel()
		<-release
		return errors.New("too late")
	}
	if err := download(ctx, cache, filepath.Join(cache, "postgres-0"), fetch); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	close(release)
	<-done
	for tick := time.Tick(10 * time.Millisecond); ; <-tick {
		left, err := os.ReadDir(cache)
		if err != nil {
			t.Fatal(err)
		}
		if len(left) == 0 {
			return // the download cleaned up after itself
		}
	}
}

func TestBinariesOfRootAreKeptWhereOthersCanGo(t *testing.T) {
	t.Parallel()
	if dir, err := cacheDir(0); err != nil || dir != "/var/cache/sqlkeel" {
		t.Errorf("root: %s, %v", dir, err)
	}
	want, wantErr := os.UserCacheDir()
	if dir, err := cacheDir(1000); wantErr == nil && (err != nil || dir != filepath.Join(want, "sqlkeel")) {
		t.Errorf("user: %s, %v", dir, err)
	}
}
