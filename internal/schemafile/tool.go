package schemafile

import (
	"path"
	"regexp"
)

// Tool is a program that applies migrations.
type Tool uint8

// The tools whose files are recognised.
const (
	Plain         Tool = iota // no tool is recognised
	Goose                     // pressly/goose
	GolangMigrate             // golang-migrate/migrate
	SQLMigrate                // rubenv/sql-migrate
	Dbmate                    // amacneil/dbmate
	Tern                      // jackc/tern
	Flyway
	Atlas // ariga/atlas, recognised by the file atlas.sum in the folder
)

// tool is what matters of a tool.
type tool struct {
	name string
	// text, or else file, recognises a file by its content or by its base name.
	text, file *regexp.Regexp
	// mark is a file that stands in a folder of the tool's.
	mark string
	// version finds the version in a base name; nil when the name itself is it.
	version *regexp.Regexp
	// unique says that the tool refuses two files of one version.
	unique bool
	// between is what the session goes through between two files of a folder.
	between string
}

// What tools do between two files.
const (
	ownSession    = "DISCARD ALL" // as a new session: each file has one
	resetSettings = "RESET ALL"   // temporary tables and the role stay
	resetNames    = "RESET search_path; RESET ROLE"
)

var leadingNumber = regexp.MustCompile(`^(\d+)`)

var tools = [...]tool{
	Plain: {name: "no tool", between: ownSession},
	Goose: {name: "goose", text: regexp.MustCompile(`(?mi)^\s*--\s*\+goose\s+up\b`),
		version: regexp.MustCompile(`^(\d+)_`), unique: true},
	GolangMigrate: {name: "golang-migrate", file: regexp.MustCompile(`^\d+_.*\.up\.sql$`),
		version: regexp.MustCompile(`^(\d+)_.*\.up\.sql$`), unique: true},
	SQLMigrate: {name: "sql-migrate", text: regexp.MustCompile(`(?mi)^\s*--\s*\+migrate\s+up\b`),
		version: leadingNumber},
	Dbmate: {name: "dbmate", text: regexp.MustCompile(`(?mi)^\s*--\s*migrate:up\b`)},
	Tern: {name: "tern", text: regexp.MustCompile(`(?mi)^\s*--\s*--\s*create above / drop below\s*----`), mark: "tern.conf",
		version: regexp.MustCompile(`^(\d+)_`), unique: true, between: resetSettings},
	Flyway: {name: "flyway", file: regexp.MustCompile(`^V\d+(?:[._]\d+)*__.+\.sql$`),
		version: regexp.MustCompile(`^V(\d+(?:[._]\d+)*)__`), unique: true, between: resetNames},
	Atlas: {name: "atlas", mark: "atlas.sum"},
}

// String returns the tool's name.
func (t Tool) String() string { return tools[t].name }

// Between returns what to send to a session between two files, so that it is for the
// next as their tool leaves it: "" when all that the files before have set lasts.
// Nothing lasts from one folder, or tool, to another. The zero File is before all.
func Between(before, next File) string {
	if before.Tool != next.Tool || path.Dir(before.Name) != path.Dir(next.Name) {
		return ownSession
	}
	return tools[next.Tool].between
}

// ToolOf returns the tool whose mark a file bears in its text or, without any, in
// its name. Default: Plain.
func ToolOf(name, text string) Tool {
	for t, known := range tools {
		if known.text != nil && known.text.MatchString(text) {
			return Tool(t)
		}
	}
	for t, known := range tools {
		if known.file != nil && known.file.MatchString(path.Base(name)) {
			return Tool(t)
		}
	}
	return Plain
}
