package stmt

import "github.com/sqlkeel/sqlkeel/stmt/generated"

// Statement is one query of a sqlc package and what it does. Relations are named
// as PostgreSQL would print them: with their schema unless that is public. All
// lists are sorted and without repeats.
type Statement struct {
	Name    string // sqlc's name of the query
	Command string // sqlc's command, such as ":one"
	Source  string // where it is written, such as "queries/books.sql:12"
	SQL     string // the whole constant, as sqlc's method sends it
	Effects
	// Types are the types of its parameters and columns that a driver cannot know:
	// enums, composites, domains and ranges that the schema made. They are named
	// as relations are, and an array by the type of its elements.
	Types    []string
	Variants *generated.Variants // its optional parts; nil when it has none

	chooser *generated.Chooser // nil when it has no variants
}

// Rewrite returns the text to send for args, and the arguments that it needs: the
// variant in which what args decide is decided, so that filters which are not asked for
// and other orders are gone. It is the full statement with args where there are no
// variants, where the variant was not proven, or where the types of args do not show
// what they are. It is so too where the process uses 64 variants of the statement
// already. args is not changed.
func (s *Statement) Rewrite(args []any) (sql string, rest []any) {
	if s.chooser == nil {
		return s.SQL, args
	}
	return s.chooser.Rewrite(args)
}

// CursorError is a cursor's text that was refused: the generated Parse functions
// return it.
type CursorError = generated.CursorError

// Effects is what a statement does to data. The zero value is a statement that touches
// nothing; Anything stands for what is not known.
type Effects struct {
	// Reads are the relations whose rows may decide the result, through views,
	// policies and function bodies too: those that PostgreSQL locks in
	// ACCESS SHARE for the statement, and those that its functions read.
	Reads []string
	// Writes are the relations that the statement itself changes (ROW EXCLUSIVE
	// or stronger), views and the tables under them included.
	Writes []string
	// Locks are the relations whose rows it locks without changing them, by FOR
	// UPDATE and its kin (ROW SHARE). They are read as well.
	Locks []string
	// Reaches are the relations that a write changes beyond Writes: by foreign key
	// actions, triggers, rules, functions, partitions and inheritance.
	Reaches []string
	// Anything says that the statement may change any relation, because a body
	// in its way could not be understood and no annotation declared it.
	Anything bool
	// ReadsAnything says that the result may depend on any relation.
	ReadsAnything bool
	// ReadKeys pin every reference to their relation to one value: the result
	// depends only on rows of Relation whose Column equals the parameter.
	ReadKeys []RowKey
	// For each changed row of Relation, WriteKeys give the value of Column.
	WriteKeys []RowKey
	// ReadColumns are the columns on which the result depends: of a relation that is
	// named here, beside which rows there are, on these and on no others. It may be on
	// none, as with count(*). The order of rows is not meant where ORDER BY leaves it
	// open, nor what is chosen by it. Of other relations it may be any column.
	ReadColumns []Columns
	// SetColumns are the columns that change: of a relation that is named here, in rows
	// that were there before and still are, no others do. Rows are added or removed only
	// where it says so. Of other relations it may be any.
	SetColumns []Columns
	// ReadOnly says that it changes nothing, locks no rows and calls nothing
	// that may: a standby can run it.
	ReadOnly bool
	// Volatile says that its result may differ between two runs although no
	// data changed: it calls now(), random() and the like.
	Volatile bool
	// NotCacheable is why its result must not be cached; empty when it may.
	NotCacheable string
	// Session is what it, or a function that it calls, leaves in the session that ran
	// it beyond the transaction: a setting, an advisory lock, LISTEN, a temporary
	// table; empty for nothing. Such a session is not what others expect of it.
	Session string
	// Unique says that it returns at most one row because a unique key, or all
	// that it groups by, is compared with parameters or constants.
	Unique bool
}

// RowKey pins the rows of a relation by the value of one column.
type RowKey struct {
	Relation string
	Column   string
	// Param is the number of the placeholder whose value it is, from 1; 0 when the
	// value is in the result.
	Param int
	// Result is the number of the result column that tells the value of a
	// written row, from 1; 0 when a parameter does.
	Result int
	// Each says that the parameter is an array, and that Column equals one of its
	// elements. A NULL in it equals nothing. Of a row that is inserted Column may be NULL
	// beside them.
	Each bool
}

// Columns are some columns of a relation, by name and sorted.
type Columns struct {
	Relation string
	Names    []string
	// Rows says, of a write, that it adds rows or removes some. Of a read it says that
	// such rows change nothing by themselves: the read joins each row of Relation with
	// one that refers to it by a foreign key.
	Rows bool
}
