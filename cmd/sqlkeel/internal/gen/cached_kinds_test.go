package gen_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

// The archive has parameters and results of every type, as three sets of sqlc's options
// make them. The program tries each method against a database.
func TestCachedMethodsTellParametersApartAndShareNoResult(t *testing.T) {
	t.Parallel()
	root := module(t, "cached/kinds")
	unformatted(t, root)
	program, err := os.ReadFile("testdata/cached/program.go.txt")
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(root, "main.go"), string(program))
	if out, err := goTool(t, root, nil, "vet", "./..."); err != nil {
		t.Fatalf("go vet: %v\n%s", err, out)
	}
	env := []string{"DSN=" + pgtest.New(t).DSN(), "ROOT=" + root}
	if out, err := goTool(t, root, env, "run", "."); err != nil || !strings.HasSuffix(out, "well\n") {
		t.Errorf("the program: %v\n%s", err, out)
	}
}
