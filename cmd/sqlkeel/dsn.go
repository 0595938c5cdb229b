package main

// stringFlags are flags to which one with a text can be added.
type stringFlags interface {
	StringVar(p *string, name, value, usage string)
}

// dsnVar adds the flag that names a server or a database. It is the same in all
// commands; what it is for and what applies without it differ.
func dsnVar(flags stringFlags, dsn *string, what, without string) {
	flags.StringVar(dsn, "dsn", "", what+", as a URL or key=value (default "+without+")")
}
