package project

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// configNames are the files that sqlc looks for, in its order.
var configNames = []string{"sqlc.yaml", "sqlc.yml", "sqlc.json"}

// config is what matters here of a sqlc configuration, in either version.
type config struct {
	Version  string               `yaml:"version"`
	SQL      []sqlEntry           `yaml:"sql"`
	Packages []packageEntry       `yaml:"packages"`
	Options  map[string]yaml.Node `yaml:"options"`
}

// place is a line and a column, from 1; the zero value is none.
type place struct{ line, col int }

func placeOf(node *yaml.Node) place { return place{node.Line, node.Column} }

// in returns the place as one in a file; none is its beginning.
func (p place) in(file string) Position { return Position{file, max(p.line, 1), max(p.col, 1)} }

// sqlEntry is an entry of version 2.
type sqlEntry struct {
	at       place
	Database any    `yaml:"database"`
	Engine   string `yaml:"engine"`
	Schema   paths  `yaml:"schema"`
	Queries  paths  `yaml:"queries"`
	Gen      struct {
		Go *goEntry `yaml:"go"`
	} `yaml:"gen"`
	Codegen []struct {
		Out     string    `yaml:"out"`
		Options yaml.Node `yaml:"options"`
	} `yaml:"codegen"`
}

type goEntry struct {
	Package string `yaml:"package"`
	Out     string `yaml:"out"`
	Driver  string `yaml:"sql_package"`
	Models  struct {
		Path   string `yaml:"output_models_path"`
		Import string `yaml:"output_models_import"`
	} `yaml:",inline"`
}

// UnmarshalYAML notes where the entry is.
func (e *sqlEntry) UnmarshalYAML(node *yaml.Node) error {
	type plain sqlEntry
	err := node.Decode((*plain)(e))
	e.at = placeOf(node)
	return err
}

// packageEntry is an entry of version 1.
type packageEntry struct {
	at      place
	goEntry `yaml:",inline"`
	Name    string `yaml:"name"`
	Path    string `yaml:"path"`
	Engine  string `yaml:"engine"`
	Schema  paths  `yaml:"schema"`
	Queries paths  `yaml:"queries"`
}

// UnmarshalYAML notes where the entry is.
func (e *packageEntry) UnmarshalYAML(node *yaml.Node) error {
	type plain packageEntry
	err := node.Decode((*plain)(e))
	e.at = placeOf(node)
	return err
}

// paths is a string or a list of strings, and where in the file each stands.
type paths struct {
	list   []string
	at     place   // of the whole
	places []place // of each
}

// UnmarshalYAML reads either form.
func (p *paths) UnmarshalYAML(node *yaml.Node) error {
	p.at = placeOf(node)
	if node.Kind == yaml.ScalarNode {
		if node.Value != "" {
			p.list, p.places = []string{node.Value}, []place{p.at}
		}
		return nil
	}
	for _, item := range node.Content {
		p.places = append(p.places, placeOf(item))
	}
	return node.Decode(&p.list)
}

// entry is one package to generate, whatever the version.
type entry struct {
	goEntry
	at              place
	database        bool // it names a database to take the schema from
	engine          string
	schema, queries paths
}

// findConfig returns the configuration in path when that is a folder.
func findConfig(path string) (string, error) {
	if path == "" {
		path = "."
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", &Problem{Pos: Position{File: path, Line: 1, Column: 1},
			Message: fmt.Sprintf("cannot read the sqlc configuration (%v); name it with --config", plain(err))}
	}
	if !info.IsDir() {
		return path, nil
	}
	var found []string
	for _, name := range configNames {
		if _, err := os.Stat(filepath.Join(path, name)); err == nil {
			found = append(found, name)
		}
	}
	pos := Position{File: path, Line: 1, Column: 1}
	switch len(found) {
	case 0:
		return "", &Problem{Pos: pos, Message: "no " + strings.Join(configNames, ", ") + " here; name the sqlc configuration with --config"}
	case 1:
		return filepath.Join(path, found[0]), nil
	}
	return "", &Problem{Pos: pos, Message: "both " + strings.Join(found, " and ") + " are here; keep one, or name it with --config"}
}

// readConfig returns the entries of a configuration. The errors are Problems.
func readConfig(file string) (*config, []entry, error) {
	data, err := os.ReadFile(file)
	at := func(line, col int, format string, args ...any) error {
		return &Problem{Pos: Position{File: file, Line: max(line, 1), Column: max(col, 1)}, Message: fmt.Sprintf(format, args...)}
	}
	if err != nil {
		return nil, nil, at(1, 1, "cannot read the sqlc configuration (%v)", plain(err))
	}
	var c config
	if err := yaml.Unmarshal(data, &c); err != nil {
		return nil, nil, yamlProblems(file, err)
	}
	entries := c.entries()
	switch {
	case c.Version == "":
		return nil, nil, at(1, 1, "no version; sqlc needs version: \"2\"")
	case c.Version != "1" && c.Version != "2":
		return nil, nil, at(1, 1, "version %q is not known; sqlc has \"1\" and \"2\"", c.Version)
	case len(entries) == 0:
		return nil, nil, at(1, 1, "no package to generate Go for: add an entry with gen: go: under sql:")
	}
	return &c, entries, nil
}

func (c *config) entries() []entry {
	var list []entry
	if c.Version == "1" {
		for _, p := range c.Packages {
			e := entry{p.goEntry, p.at, false, p.Engine, p.Schema, p.Queries}
			e.Package, e.Out = p.Name, p.Path
			if e.engine == "" {
				e.engine = "postgresql"
			}
			list = append(list, e)
		}
		return list
	}
	for _, s := range c.SQL {
		if s.Gen.Go != nil {
			list = append(list, entry{*s.Gen.Go, s.at, s.Database != nil, s.Engine, s.Schema, s.Queries})
		}
		for _, plugin := range s.Codegen {
			var g goEntry
			if plugin.Options.Decode(&g) != nil || g.Package == "" {
				continue // it makes something else than Go
			}
			g.Out = plugin.Out
			list = append(list, entry{g, s.at, s.Database != nil, s.Engine, s.Schema, s.Queries})
		}
	}
	return list
}

// yamlLine finds the line that the YAML decoder tells in its messages alone.
var yamlLine = regexp.MustCompile(`^(?:yaml: )?line (\d+): (.*)$`)

func yamlProblems(file string, err error) error {
	messages := []string{err.Error()}
	var typed *yaml.TypeError
	if errors.As(err, &typed) {
		messages = typed.Errors
	}
	var list []error
	for _, message := range messages {
		p := &Problem{Pos: Position{File: file, Line: 1, Column: 1}, Message: strings.TrimPrefix(message, "yaml: ")}
		if m := yamlLine.FindStringSubmatch(message); m != nil {
			p.Pos.Line, _ = strconv.Atoi(m[1])
			p.Message = m[2]
		}
		p.Pos.Line = max(p.Pos.Line, 1)
		p.Message = plainYAML(p.Message)
		if !slices.ContainsFunc(list, func(e error) bool { return e.Error() == p.Error() }) {
			list = append(list, p)
		}
	}
	return errors.Join(list...)
}

// misfit is what the decoder says of a value of another kind; the type that it
// wanted is ours and tells a reader nothing.
var misfit = regexp.MustCompile("^cannot unmarshal !!(\\w+)(?: `.*`)? into .*$")

var kinds = map[string]string{"map": "a map", "seq": "a list", "str": "a text"}

func plainYAML(message string) string {
	m := misfit.FindStringSubmatch(message)
	if m == nil {
		return message
	}
	kind := kinds[m[1]]
	if kind == "" {
		kind = "a value"
	}
	return kind + " is not what sqlc's configuration has here"
}

// plain drops the path and the operation from a file error: they are said already.
func plain(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
