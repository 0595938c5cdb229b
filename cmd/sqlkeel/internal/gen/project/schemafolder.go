package project

import (
	"errors"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// SchemaFolder returns the folder that the sqlc configuration in dir names as its
// schema for PostgreSQL. There must be one, in all entries: what else stands there is
// the error, a Problem or several joined.
func SchemaFolder(dir string) (string, error) {
	file, err := onlyConfig(dir)
	if err != nil {
		return "", err
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return "", at(file, 1, 1, "cannot read the sqlc configuration: "+plain(err).Error())
	}
	var c config
	if err := yaml.Unmarshal(data, &c); err != nil {
		return "", yamlProblems(file, err)
	}
	var found []string
	first := paths{at: place{1, 1}}
	for _, schema := range c.schemas() {
		for _, name := range schema.list {
			if name = relative(dir, inDir(dir, withoutGlob(name))); !slices.Contains(found, name) {
				found = append(found, name)
			}
		}
		if len(found) > 0 && len(first.list) == 0 {
			first = schema
		}
	}
	switch len(found) {
	case 0:
		return "", at(file, 1, 1, "no entry names a schema for PostgreSQL: "+giveDir)
	case 1:
		folder := inDir(dir, found[0])
		if info, err := os.Stat(folder); err != nil {
			return "", at(file, first.at.line, first.at.col, "schema "+found[0]+": "+plain(err).Error()+": "+giveDir)
		} else if !info.IsDir() {
			return "", at(file, first.at.line, first.at.col, "schema "+found[0]+" is a file, not a folder of migrations: "+giveDir)
		}
		return filepath.ToSlash(folder), nil
	}
	return "", at(file, first.at.line, first.at.col, "there are several schemas, "+strings.Join(found, " and ")+": "+giveDir)
}

const giveDir = "name the folder of the migrations with --dir"

// onlyConfig returns the configuration in a folder, which must be one.
func onlyConfig(dir string) (string, error) {
	var found []string
	for _, name := range configNames {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			found = append(found, name)
		}
	}
	switch len(found) {
	case 0:
		return "", errors.New("no migrations: there is no " + strings.Join(configNames, ", ") + " here whose schema they could be: " + giveDir)
	case 1:
		return filepath.Join(dir, found[0]), nil
	}
	return "", at(dir, 1, 1, "both "+strings.Join(found, " and ")+" are here: keep one, or "+giveDir)
}

// schemas returns what each entry for PostgreSQL names, whatever it generates.
func (c *config) schemas() []paths {
	var list []paths
	for _, e := range c.SQL {
		if e.Engine == "postgresql" {
			list = append(list, e.Schema)
		}
	}
	for _, e := range c.Packages {
		if e.Engine == "postgresql" || e.Engine == "" {
			list = append(list, e.Schema)
		}
	}
	return list
}

// withoutGlob returns the folder of a pattern that stands for all its SQL files.
func withoutGlob(pattern string) string {
	if folder, base := path.Split(pattern); base == "*.sql" && !strings.ContainsAny(folder, "*?[") {
		return path.Clean(folder)
	}
	return pattern
}

func at(file string, line, col int, message string) error {
	return &Problem{Pos: Position{File: file, Line: max(line, 1), Column: max(col, 1)}, Message: message}
}
