package effects

// PostgreSQL's own functions by what they do. What is in no list counts for what
// pg_proc says: a volatile one has effects, a stable one depends on the session.

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

// harmless ones are volatile, and a standby runs them.
var harmless = names("random", "random_normal", "gen_random_uuid", "uuidv4", "uuidv7", "clock_timestamp", "timeofday",
	"pg_sleep", "pg_sleep_for", "pg_sleep_until")

// runsQueries read, run or change what their arguments say.
var runsQueries = names("ts_stat", "ts_rewrite", "pg_read_file", "pg_read_binary_file", "pg_ls_dir", "currtid2",
	"lo_get", "loread", "lo_open", "lo_put", "lowrite", "lo_creat", "lo_create", "lo_from_bytea", "lo_import", "lo_export",
	"lo_truncate", "lo_truncate64", "lo_unlink")

// schemaOnly ones change when the schema does.
var schemaOnly = names("enum_first", "enum_last", "enum_range", "enum_in", "enum_out", "pg_typeof", "format_type",
	"pg_get_serial_sequence", "regclassin")

// byArguments are stable because they print, or read, a value of any type.
var byArguments = names("to_json", "to_jsonb", "row_to_json", "array_to_json", "json_agg", "jsonb_agg", "json_agg_strict", "jsonb_agg_strict",
	"json_object_agg", "jsonb_object_agg", "json_object_agg_strict", "json_object_agg_unique", "jsonb_object_agg_strict", "jsonb_object_agg_unique",
	"json_build_object", "json_build_array", "jsonb_build_object", "jsonb_build_array", "concat", "concat_ws", "format", "array_to_string",
	"textanycat", "anytextcat", "quote_literal", "quote_nullable", "array_out", "record_out", "range_out",
	"json_populate_record", "json_populate_recordset", "jsonb_populate_record", "jsonb_populate_recordset")

// populates reads its result's type out of text.
var populates = names("json_populate_record", "json_populate_recordset", "jsonb_populate_record", "jsonb_populate_recordset")
