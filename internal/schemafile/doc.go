// Package schemafile knows the tools that migrate a database from .sql files: by
// what a file is recognised as one of theirs, in which order a tool applies the
// files of a folder, and what of a session lasts from one file to the next. [Order] and
// [ToolOf] answer for a whole schema and for one file.
package schemafile
