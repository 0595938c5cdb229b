package project

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/sqlkeel/sqlkeel/internal/schemafile"
)

// sqlFiles lists, for each pattern, the .sql files that sqlc would read: each is a
// file, a folder (its files, not those of folders in it) or a glob. Hidden files,
// down migrations and what an earlier pattern names are left out. The files are
// relative to dir, and so are the patterns. problem is called with each pattern that
// names nothing that can be read.
func sqlFiles(dir string, patterns []string, problem func(pattern string, err error)) [][]string {
	lists := make([][]string, len(patterns))
	seen := map[string]bool{}
	for i, pattern := range patterns {
		for _, path := range expand(inDir(dir, pattern), problem) {
			for _, file := range inFolder(path, problem) {
				if name := relative(dir, file); takes(file) && !seen[name] {
					seen[name] = true
					lists[i] = append(lists[i], name)
				}
			}
		}
	}
	return lists
}

func expand(pattern string, problem func(string, error)) []string {
	if !strings.ContainsAny(pattern, "*?[]") {
		return []string{pattern}
	}
	matches, err := filepath.Glob(pattern)
	if err != nil {
		problem(pattern, err)
	}
	return matches
}

func inFolder(path string, problem func(string, error)) []string {
	info, err := os.Stat(path)
	if err != nil {
		problem(path, plain(err))
		return nil
	}
	if !info.IsDir() {
		return []string{path}
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		problem(path, plain(err))
	}
	var list []string
	for _, e := range entries {
		list = append(list, filepath.Join(path, e.Name()))
	}
	return list
}

func takes(file string) bool {
	return schemafile.IsSchema(filepath.Base(file))
}

// inDir returns path as seen from here, when it is meant from dir.
func inDir(dir, path string) string {
	path = filepath.FromSlash(path)
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// relative is the inverse of inDir. An absolute path stays one when dir is none.
func relative(dir, path string) string {
	if rel, err := filepath.Rel(dir, path); err == nil {
		path = rel
	}
	return filepath.ToSlash(filepath.Clean(path))
}
