package project

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzLoad mangles one file of a project at a time: nothing makes Load or what it
// returns panic, and what it returns has a place.
func FuzzLoad(f *testing.F) {
	files := []string{"sqlc.yaml", "query.sql", "annotated.sql", "refused/query.sql.go", "refused/db.go"}
	for i, name := range files {
		data, err := os.ReadFile(filepath.Join("testdata", "refused", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), data)
		f.Add(uint8(i), bytes.ReplaceAll(data, []byte("("), []byte("[")))
		f.Add(uint8(i), data[:len(data)/2])
	}
	for _, name := range []string{"batch.go", "copyfrom.go", "items.sql.go", "models.go"} {
		data, err := os.ReadFile(filepath.Join("testdata", "shop", "shop", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(3), data)
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		dir := edited(t, "refused")
		if err := os.WriteFile(filepath.Join(dir, files[int(which)%len(files)]), data, 0o600); err != nil {
			t.Fatal(err)
		}
		survives(t, dir)
	})
}

// survives loads a project of which anything may be wrong, and asks for places.
func survives(t *testing.T, dir string) {
	t.Helper()
	p, err := Load(dir)
	if err != nil {
		return
	}
	for _, problem := range p.AllProblems() {
		if problem.Pos.Line < 1 || problem.Pos.Column < 1 || problem.Pos.File == "" {
			t.Errorf("problem without a place: %v", problem)
		}
	}
	for _, pkg := range p.Packages {
		for _, st := range pkg.Statements {
			for offset := -1; offset <= len(st.SQL)+1; offset += 1 + len(st.SQL)/8 {
				if pos := st.Position(offset); pos.Line < 1 || pos.Column < 1 {
					t.Errorf("%s: offset %d is at %v", st.Name, offset, pos)
				}
			}
		}
	}
}

// The same with whole tokens that are lost, doubled or exchanged, which bytes that
// change at random seldom are.
func TestMangledFilesAreSurvived(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	files := []string{"sqlc.yaml", "queries/items.sql", "shop/items.sql.go", "shop/batch.go", "shop/copyfrom.go", "shop/models.go", "orders/orders.sql.go"}
	for range 100 {
		file := files[random.IntN(len(files))]
		dir := edited(t, "shop")
		data, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, file), []byte(mangle(string(data), random)), 0o600); err != nil {
			t.Fatal(err)
		}
		survives(t, dir)
		if t.Failed() {
			t.Fatalf("%s", file)
		}
	}
}

func mangle(text string, random *rand.Rand) string {
	words := strings.SplitAfterN(text, " ", -1)
	for range 1 + random.IntN(4) {
		i, j := random.IntN(len(words)), random.IntN(len(words))
		switch random.IntN(3) {
		case 0:
			words[i] = ""
		case 1:
			words[i] += words[i]
		default:
			words[i], words[j] = words[j], words[i]
		}
	}
	return strings.Join(words, "")
}
