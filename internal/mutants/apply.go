package mutants

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Set is the mutants of a repository.
type Set struct {
	root string
	all  []*Mutant
}

// apply makes the edits of m, after those of the file that it builds on. It
// returns the new texts by the files' absolute names. The error is a sourceError.
func (s *Set) apply(m *Mutant) (map[string]string, error) {
	texts := map[string][]string{}
	if m.On != "" {
		i := slices.IndexFunc(s.all, func(other *Mutant) bool { return other.Name == m.On })
		if i < 0 || !s.all[i].MustPass || s.all[i].On != "" {
			return nil, &sourceError{m.file, 1, fmt.Sprintf("on: there is no file %s that must pass", m.On)}
		}
		if err := s.edit(texts, s.all[i]); err != nil {
			return nil, err
		}
	}
	if err := s.edit(texts, m); err != nil {
		return nil, err
	}
	files := map[string]string{}
	for file, text := range texts {
		files[file] = strings.Join(text, "\n") + "\n"
	}
	return files, nil
}

// edit makes the edits of one mutant.
func (s *Set) edit(texts map[string][]string, m *Mutant) error {
	for _, e := range m.edits {
		name := filepath.Join(s.root, filepath.FromSlash(e.file))
		text, read := texts[name]
		if !read {
			b, err := os.ReadFile(name)
			switch {
			case e.adds && err == nil:
				return &sourceError{m.file, e.line, e.file + " exists: put its lines to replace into an old part"}
			case !e.adds && err != nil:
				return &sourceError{m.file, e.line, fmt.Sprintf("cannot read the file to change: %v", err)}
			}
			text = lines(string(b))
		}
		if e.adds {
			texts[name] = e.new
			continue
		}
		found := occurrences(text, e.old)
		if len(found) != 1 {
			return &sourceError{m.file, e.line, misfit(e, text, found)}
		}
		texts[name] = slices.Concat(text[:found[0]], e.new, text[found[0]+len(e.old):])
	}
	return nil
}

// occurrences returns where the old lines begin in the text, from 0.
func occurrences(text, old []string) (found []int) {
	for i := 0; i+len(old) <= len(text); i++ {
		if slices.Equal(text[i:i+len(old)], old) {
			found = append(found, i)
		}
	}
	return found
}

// misfit says why the old lines do not occur once.
func misfit(e edit, text []string, found []int) string {
	if len(found) > 0 {
		places := make([]string, len(found))
		for i, at := range found {
			places[i] = fmt.Sprintf("%s:%d", e.file, at+1)
		}
		return fmt.Sprintf("the old lines occur %d times, want once: add a line beside them (%s)", len(found), strings.Join(places, ", "))
	}
	at := nearest(text, e.old)
	near := text[at:min(at+len(e.old), len(text))]
	return fmt.Sprintf("the old lines do not occur: adapt them; the nearest are %s:%d:\n\t| %s", e.file, at+1, strings.Join(near, "\n\t| "))
}

// nearest returns where the lines that are most like the old ones begin.
func nearest(text, old []string) (best int) {
	most := -1.0
	for i := range text {
		like := 0.0
		for j := range min(len(old), len(text)-i) {
			like += likeness(text[i+j], old[j])
		}
		if like > most {
			best, most = i, like
		}
	}
	return best
}

// likeness is the share of words that two lines have in common, and 2 for lines
// that are equal.
func likeness(a, b string) float64 {
	if a == b {
		return 2
	}
	words, others := strings.Fields(a), strings.Fields(b)
	n := 0
	for _, w := range words {
		if slices.Contains(others, w) {
			n++
		}
	}
	return float64(n) / float64(max(len(words), len(others), 1))
}
