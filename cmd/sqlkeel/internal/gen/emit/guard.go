package emit

import (
	"strconv"
	"strings"
)

// guard writes declarations that stop compiling when sqlc's output is no longer
// what was analysed. They are in functions without a name: the compiler checks
// them and keeps nothing of them.
func guard(f *file, st Statement) {
	if st.Const != "" {
		guardText(f, st, "runGoGenerateBecause"+upperFirst(st.Name)+"Changed")
	}
	guardParams(f, st)
}

// guardText pins the text. name is for the compiler to say.
func guardText(f *file, st Statement, name string) {
	f.line("func _() {")
	if f.taken.declared("len") || f.taken.declared("min") {
		// Without these the compiler cannot be made to say it, and tells the place.
		f.line("const %s = %s != %s", name, st.Const, quote(st.SQL))
		f.line("_ = map[bool]struct{}{true: {}, %s: {}}\n}\n", name)
		return
	}
	analysed := "analysed"
	if st.Const == analysed {
		analysed = "text"
	}
	f.line("const %s = %s", analysed, quote(st.SQL))
	// s+"\x00" is the string after s: the smaller of it and analysed is longer
	// or shorter than the smaller of the converse unless the two are equal. So
	// order is 0, 1 or -1; the compiler names a constant index that is negative.
	f.line(`const order = len(min(%s+"\x00", %s)) - len(min(%s+"\x00", %s))`, st.Const, analysed, analysed, st.Const)
	f.line("const %s = -order * order", name)
	f.line("_ = [1]struct{}{}[%s]\n}\n", name)
}

// guardParams pins the types of the arguments that choose a variant.
func guardParams(f *file, st Statement) {
	used := chosenBy(st)
	if len(used) == 0 {
		return
	}
	if st.ParamsType == "" {
		guardArguments(f, st)
		return
	}
	var lines []string
	for _, n := range used {
		p := st.Params[n-1]
		lines = append(lines, "var _ "+f.goType(p.Type)+" = arg."+p.Name)
	}
	f.line("func _(arg %s) {\n%s\n}\n", st.ParamsType, strings.Join(lines, "\n"))
}

// guardArguments does the same where parameters are arguments of their own.
func guardArguments(f *file, st Statement) {
	declared := []string{"q *Queries", "ctx " + f.use("context") + ".Context"}
	given := []string{"ctx"}
	if f.pkg.DBArgument {
		declared, given = append(declared, "db DBTX"), append(given, "db")
	}
	for i, p := range st.Params {
		name := "arg" + strconv.Itoa(i+1)
		declared, given = append(declared, name+" "+f.goType(p.Type)), append(given, name)
	}
	f.line("func _(%s) {\nq.%s(%s)\n}\n", strings.Join(declared, ", "), st.Name, strings.Join(given, ", "))
}

// chosenBy returns the numbers of the placeholders that choose a variant.
func chosenBy(st Statement) []int {
	if st.Plan == nil {
		return nil
	}
	var numbers []int
	for _, p := range st.Plan.Params {
		numbers = append(numbers, p.Param)
	}
	return numbers
}
