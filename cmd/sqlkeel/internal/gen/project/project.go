// Package project reads a sqlc project: its configuration, the Go files that sqlc
// generated, the query files they were generated from, and the annotations in
// those. It needs no go.mod and no type checker, so that it works on any checkout
// and when hand-written code does not compile yet. It runs no SQL.
package project

// Project is what one sqlc configuration describes.
type Project struct {
	Config   string // path of the configuration, as given
	Dir      string // its folder; all other paths are relative to it, with slashes
	Role     string // options: sqlkeel: role; the application's role, or ""
	Packages []*Package
	// Problems are those of the configuration, such as an entry of another engine.
	Problems []*Problem
}

// Package is one Go package that sqlc generates.
type Package struct {
	Name       string   // the Go package's name
	Dir        string   // sqlc's out
	Pos        Position // of its queries in the configuration
	Schema     []string // schema files, in the order in which they are migrated
	Queries    []string // query files
	Driver     string   // sql_package: "pgx/v5", "pgx/v4" or "database/sql"
	Statements []*Statement
	// Build is the condition under which Go builds the file of the interface DBTX.
	Build string
	// Executor lists the methods of the generated interface DBTX.
	Executor []string
	// DBArgument says that the methods take the executor as an argument
	// (emit_methods_with_db_argument).
	DBArgument bool
	// Nulls are the generated Null types (NullKind of an enum).
	Nulls map[string]bool
	// Enums are the generated string types of enums.
	Enums map[string]bool
	// Structs are the fields of the structs that sqlc generated, by their names.
	Structs map[string][]Field
	// Imports maps the name by which a generated file refers to a package to its
	// path, for the types of parameters and results.
	Imports map[string]string
	// Problems are those of its files and statements, in the order of their places.
	Problems []*Problem

	schema [][]string // schema files by the patterns that name them
	models models
}

// Statement is one query as sqlc compiled it.
type Statement struct {
	Package *Package
	Name    string // sqlc's name
	Command string // ":one", ":many", ":exec", ":execrows", ":execresult", ":batchone", ":copyfrom", …
	Const   string // the Go constant that holds the text; "" for :copyfrom
	SQL     string // the constant's value; for :copyfrom an INSERT made from table and columns
	// Params in the order of the placeholders: Params[0] is $1.
	Params []Param
	// ParamsType is the generated struct that holds them, "" when they are
	// arguments of their own.
	ParamsType string
	// ParamsPointer says that the method takes a pointer to ParamsType.
	ParamsPointer bool
	// Result is the Go type of one row ("Book", "GetBookRow", "int64"), "" without rows.
	Result string
	// ResultPointer says that the method returns pointers to Result, which is a struct.
	ResultPointer bool
	// Fields of Result, one for each column in the order of the columns; nil when
	// Result is no generated struct.
	Fields      []Field
	Annotations []Annotation
	// Slices are the parameters, by number, that are written as sqlc.slice and for
	// which the method passes a slice, and where.
	Slices map[int]Position
	GoFile string
	Build  string // the condition under which Go builds GoFile, such as "integration && linux", or ""
	// Pos is the -- name: line in the query file, or in GoFile when there is none.
	Pos Position
	// Refused is why the generated method cannot be right, or was not understood.
	// The statement must not be analysed nor appear in generated code. The
	// package's Problems hold it too, unless the statement is opaque.
	Refused *Problem

	refusals []*Problem // Refused, and what was said after it
	origin   origin
}

// Param is an argument of a statement.
type Param struct {
	Name string // the Go name of the argument or field
	Type string // the Go type as the generated file spells it, such as "*string"
	// Wrapper is the function that sqlc's method passes it through, such as
	// "pq.Array"; what arrives at the executor is then that function's result.
	Wrapper string
}

// Field is a column of a result.
type Field struct {
	Name string
	Type string
	// Embed is the field of the row that holds this one, for sqlc.embed; the
	// column is then row.Embed.Name.
	Embed string
}
