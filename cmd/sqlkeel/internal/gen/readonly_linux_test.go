package gen_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen"
)

// No user may write into the folder. Root may anyhow, so its thread takes the rights
// of another user. It ends with the test, as it is not unlocked.
func TestAFolderThatIsReadOnlyIsAnErrorAndStaysAsItIs(t *testing.T) {
	t.Parallel()
	dir, o := drifted(t)
	queries := filepath.Join(dir, "queries")
	for folder, mode := range map[string]os.FileMode{filepath.Dir(dir): 0o755, dir: 0o755, queries: 0o555} {
		if err := os.Chmod(folder, mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = os.Chmod(queries, 0o755) })
	before := tree(t, dir)
	failed := make(chan error)
	go func() {
		runtime.LockOSThread()
		if os.Geteuid() == 0 {
			_ = syscall.Setfsuid(65534)
		}
		_, err := gen.Generate(t.Context(), o)
		failed <- err
	}()
	err := <-failed
	if err == nil || !strings.HasPrefix(err.Error(), "write "+queries+"/constraints_gen.go: ") || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("got %v", err)
	}
	sameTree(t, dir, before)
}
