package variants

import "testing"

func TestAFilterIsPrunedBesideAnOrderThatIsNot(t *testing.T) {
	t.Parallel()
	b := setup(t, "CREATE TABLE books (id int PRIMARY KEY, title text)")
	// The Go type of the sort argument is one in which nothing can be seen.
	plan, remarks := b.find(t, ":many", `SELECT id FROM books WHERE ($1::int IS NULL OR id = $1)
ORDER BY CASE WHEN $2::text = 'title' THEN title END, id`, "*int32", "interface{}")
	if plan == nil || len(plan.Filters) != 1 || plan.Sort != nil {
		t.Fatalf("the plan is %+v, want one filter and no order", plan)
	}
	if len(remarks) != 1 {
		t.Errorf("remarks = %v, want why the order is not pruned", remarks)
	}
	if err := plan.Prove(t.Context(), b.conn); err != nil {
		t.Error(err)
	}
}
