package schemafile

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
)

// Finding is what there is to say of the order of a file.
type Finding struct {
	File    string // as it was given
	Message string // one line, with the remedy
	// Note says that the order is known all the same.
	Note bool
}

// Order puts schema files in the order in which their tool applies them. lists are
// the files that each entry of a configuration names, by name within an entry, with
// slashes and relative to dir. Entries keep their order, and so do the files of no
// tool. A finding that is no Note says that the order cannot be known.
func Order(dir string, lists [][]string) ([]string, []Finding) {
	return below(dir).order(lists)
}

// Files returns schema files, named and in the order as Order returns them, each with
// its tool.
func Files(dir string, ordered []string) []File {
	s := below(dir)
	s.recognise([][]string{ordered})
	return s.files(ordered)
}

// below is a schema whose files are relative to dir.
func below(dir string) *schema {
	return &schema{tools: map[string]Tool{}, read: func(file string) ([]byte, error) {
		if file = filepath.FromSlash(file); !filepath.IsAbs(file) {
			file = filepath.Join(dir, file)
		}
		return os.ReadFile(file)
	}}
}

// Folder lists the schema files at the root of a file system in the order in which
// their tool applies them, each with its tool. The findings are those of [Order].
func Folder(fsys fs.FS) ([]File, []Finding, error) {
	names, err := fs.Glob(fsys, "*.sql")
	if err != nil {
		return nil, nil, err
	}
	names = slices.DeleteFunc(names, func(name string) bool { return !IsSchema(name) })
	s := &schema{tools: map[string]Tool{}, read: func(file string) ([]byte, error) { return fs.ReadFile(fsys, file) }}
	ordered, findings := s.order([][]string{names})
	return s.files(ordered), findings, nil
}

func (s *schema) files(ordered []string) []File {
	var files []File
	for _, name := range ordered {
		files = append(files, File{Name: name, Tool: s.tools[name]})
	}
	return files
}

// File is a schema file and the tool that applies it.
type File struct {
	Name string
	Tool Tool
}

func (s *schema) order(lists [][]string) ([]string, []Finding) {
	s.recognise(lists)
	var findings []Finding
	var all []string
	for _, list := range lists {
		findings = append(findings, s.ambiguous(list)...)
		all = append(all, list...)
	}
	all = slices.DeleteFunc(all, s.leftOut)
	ordered := slices.Clone(all)
	for _, g := range s.groups(all) {
		findings = append(findings, g.order(ordered)...)
	}
	return ordered, findings
}

// schema is the files with the tools that they are of.
type schema struct {
	read  func(file string) ([]byte, error)
	tools map[string]Tool // by file
}

// recognise finds each file's tool. One without a mark is of the folder's tool,
// when there is just one.
func (s *schema) recognise(lists [][]string) {
	inFolder := map[string]Tool{}
	several := map[string]bool{}
	for _, list := range lists {
		for _, file := range list {
			text, _ := s.read(file) // whether it can be read is said when it is applied
			t, folder := ToolOf(file, string(text)), path.Dir(file)
			if t == Plain {
				t = s.markOf(folder)
			}
			s.tools[file] = t
			if t != Plain {
				several[folder] = several[folder] || inFolder[folder] != Plain && inFolder[folder] != t
				inFolder[folder] = t
			}
		}
	}
	for file, t := range s.tools {
		if folder := path.Dir(file); t == Plain && !several[folder] {
			s.tools[file] = inFolder[folder]
		}
	}
}

// markOf looks for a tool's own file in a folder.
func (s *schema) markOf(folder string) Tool {
	for t, known := range tools {
		if known.mark == "" {
			continue
		}
		if _, err := s.read(path.Join(folder, known.mark)); err == nil {
			return Tool(t)
		}
	}
	return Plain
}

// undo is flyway's way back, and repeatable what it applies after all versions.
var (
	undo       = regexp.MustCompile(`^U\d+(?:[._]\d+)*__.+\.sql$`)
	repeatable = regexp.MustCompile(`^R__.+\.sql$`)
)

func (s *schema) leftOut(file string) bool {
	return s.tools[file] == Flyway && undo.MatchString(path.Base(file))
}

// ambiguous finds files of no tool whose numbers say another order than their
// names.
func (s *schema) ambiguous(list []string) []Finding {
	before := ""
	for _, file := range list {
		if s.tools[file] != Plain {
			continue
		}
		if before != "" && compareWritten(before, file) > 0 {
			return []Finding{{File: before, Message: fmt.Sprintf("by name this file comes before %s and by number after it, and nothing in it says by which tool it is applied: "+
				"write the numbers with leading zeros, or list the files under schema: in their order", file)}}
		}
		before = file
	}
	return nil
}

// group is the files that one tool finds in one folder, by their places in the
// whole list.
type group struct {
	tool   Tool
	places []int
}

func (s *schema) groups(all []string) []*group {
	type key struct {
		folder string
		tool   Tool
	}
	byKey := map[key]*group{}
	var list []*group
	for i, file := range all {
		k := key{path.Dir(file), s.tools[file]}
		if k.tool.versionOf(file) == nil && !(k.tool == Flyway && repeatable.MatchString(path.Base(file))) && k.tool != SQLMigrate {
			continue // its place is where it stands
		}
		if byKey[k] == nil {
			byKey[k] = &group{tool: k.tool}
			list = append(list, byKey[k])
		}
		byKey[k].places = append(byKey[k].places, i)
	}
	return list
}

// order sorts the group's files among their places.
func (g *group) order(all []string) []Finding {
	files := make([]string, len(g.places))
	for i, place := range g.places {
		files[i] = all[place]
	}
	sorted := slices.Clone(files)
	slices.SortStableFunc(sorted, g.compare)
	var findings []Finding
	for i, place := range g.places {
		if files[i] != sorted[i] && findings == nil {
			findings = append(findings, Finding{File: files[i], Note: true, Message: fmt.Sprintf("%s applies %s before this file and sqlc reads it after: the effects are those of %s's order, "+
				"and sqlc's types may be wrong: list the files under schema: in that order, or write the numbers with leading zeros", g.tool, path.Base(sorted[i]), g.tool)})
		}
		all[place] = sorted[i]
	}
	return append(findings, g.twice(sorted)...)
}

func (g *group) compare(a, b string) int {
	v, w := g.tool.versionOf(a), g.tool.versionOf(b)
	switch {
	case (v == nil) != (w == nil):
		return cmp.Compare(len(w), len(v)) // those without a version come last
	case g.tool == SQLMigrate || v == nil:
		return cmp.Or(compareVersions(v, w), cmp.Compare(path.Base(a), path.Base(b)))
	}
	return compareVersions(v, w)
}

// twice finds versions that the tool would refuse.
func (g *group) twice(sorted []string) []Finding {
	if !tools[g.tool].unique {
		return nil
	}
	var list []Finding
	for i := 1; i < len(sorted); i++ {
		v := g.tool.versionOf(sorted[i])
		if v != nil && compareVersions(v, g.tool.versionOf(sorted[i-1])) == 0 {
			list = append(list, Finding{File: sorted[i], Message: fmt.Sprintf("its version %s is also that of %s, which %s refuses: give it a number of its own", v, path.Base(sorted[i-1]), g.tool)})
		}
	}
	return list
}
