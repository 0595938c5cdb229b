package effects

// PostgreSQL's own functions by what they do, beyond what the catalog knows of them.
// What is in no list counts for what pg_proc says: a volatile one has effects, a
// stable one depends on the session.

// names makes a set.
func names(list ...string) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, n := range list {
		set[n] = true
	}
	return set
}

// clocks tell the time.
var clocks = names("now", "transaction_timestamp", "statement_timestamp", "clock_timestamp", "timeofday")

// transactionIDs give the transaction a number: a standby refuses.
var transactionIDs = names("txid_current", "pg_current_xact_id")

// schemaOnly ones change when the schema does.
var schemaOnly = names("enum_first", "enum_last", "enum_range", "enum_in", "enum_out", "pg_typeof", "format_type",
	"pg_get_serial_sequence", "regclassin")

// populates makes a value of its result's type out of text.
var populates = names("json_populate_record", "json_populate_recordset", "jsonb_populate_record", "jsonb_populate_recordset")
