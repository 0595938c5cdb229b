package catalog

import "strings"

// Hidden says why nothing is known of what a function, PostgreSQL's own or of an
// extension, reads and changes; empty when its name tells.
func Hidden(name string) string { return hidden[name] }

// Quiet reports whether a volatile function of PostgreSQL's own changes nothing, so
// that a standby runs it too.
func Quiet(name string) bool { return quiet[name] || strings.HasSuffix(name, "_size") }

// PrintsOnly reports whether a function of PostgreSQL's own is STABLE only because
// it prints values of any type, or looks at its definition: with arguments whose text
// no setting decides its value depends on nothing else.
func PrintsOnly(name string) bool { return printsOnly[name] }

// hidden are functions, PostgreSQL's own and of its extensions, that do or read
// what their arguments say, and why nothing else is known of them.
var hidden = map[string]string{
	"query_to_xml": runsText, "query_to_xmlschema": runsText, "query_to_xml_and_xmlschema": runsText,
	"cursor_to_xml": runsText, "cursor_to_xmlschema": runsText, "ts_stat": runsText, "ts_rewrite": runsText,
	"table_to_xml": readsNamed, "table_to_xmlschema": readsNamed, "table_to_xml_and_xmlschema": readsNamed,
	"schema_to_xml": readsNamed, "schema_to_xmlschema": readsNamed, "schema_to_xml_and_xmlschema": readsNamed,
	"database_to_xml": readsNamed, "database_to_xmlschema": readsNamed, "database_to_xml_and_xmlschema": readsNamed,
	"crosstab": runsText, "crosstab2": runsText, "crosstab3": runsText, "crosstab4": runsText, "connectby": runsText,
	"xpath_table": runsText,
	"lo_get":      largeObject, "loread": largeObject, "lo_open": largeObject, "lo_put": largeObject, "lowrite": largeObject,
	"lo_creat": largeObject, "lo_create": largeObject, "lo_from_bytea": largeObject, "lo_import": largeObject, "lo_export": largeObject,
	"pg_read_file": readsNamed, "pg_read_binary_file": readsNamed, "pg_ls_dir": readsNamed, "currtid2": readsNamed,
	"lo_truncate": largeObject, "lo_truncate64": largeObject, "lo_unlink": largeObject,
}

const (
	largeObject = "it reads or writes a large object"
	runsText    = "it runs a text that is put together at run time"
	readsNamed  = "it reads what its arguments name"
)

// quiet are those of [Quiet]. currval and lastval are not: they fail where nextval
// cannot run.
var quiet = map[string]bool{
	"random": true, "random_normal": true, "clock_timestamp": true, "timeofday": true, "gen_random_uuid": true,
	"uuidv4": true, "uuidv7": true, "current_query": true, "pg_sequence_last_value": true, "pg_is_in_recovery": true,
	"pg_sleep": true, "pg_sleep_for": true, "pg_sleep_until": true, "pg_blocking_pids": true, "pg_jit_available": true,
	"suppress_redundant_updates_trigger": true, "tsvector_update_trigger": true, "tsvector_update_trigger_column": true,
}

// printsOnly are those of [PrintsOnly].
var printsOnly = map[string]bool{
	"concat": true, "concat_ws": true, "format": true, "array_to_string": true, "array_to_json": true, "row_to_json": true,
	"to_json": true, "to_jsonb": true, "json_agg": true, "jsonb_agg": true, "json_agg_strict": true, "jsonb_agg_strict": true,
	"json_build_array": true, "json_build_object": true, "jsonb_build_array": true, "jsonb_build_object": true,
	"json_object_agg": true, "jsonb_object_agg": true, "json_object_agg_strict": true, "jsonb_object_agg_strict": true,
	"json_object_agg_unique": true, "jsonb_object_agg_unique": true, "json_object_agg_unique_strict": true, "jsonb_object_agg_unique_strict": true,
	"json_agg_transfn": true, "jsonb_agg_transfn": true, "jsonb_agg_finalfn": true, "json_object_agg_transfn": true,
	"jsonb_object_agg_transfn": true, "jsonb_object_agg_finalfn": true,
	"textanycat": true, "anytextcat": true, "quote_literal": true, "quote_nullable": true, "array_out": true, "record_out": true, "range_out": true,
	"enum_first": true, "enum_last": true, "enum_range": true,
	"convert": true, "convert_from": true, "convert_to": true, "length": true, "version": true, "current_database": true, "getdatabaseencoding": true,
}

// plainExtensions are extensions whose functions in C look at their arguments
// alone, or keep what they know outside of relations.
var plainExtensions = map[string]bool{
	"btree_gin": true, "btree_gist": true, "citext": true, "cube": true, "dict_int": true, "dict_xsyn": true, "earthdistance": true,
	"fuzzystrmatch": true, "h3": true, "hstore": true, "hypopg": true, "insert_username": true, "intagg": true, "intarray": true, "ip4r": true,
	"isn": true, "ltree": true, "moddatetime": true, "pg_hashids": true, "pg_stat_statements": true, "pg_trgm": true, "pg_uuidv7": true,
	"pgcrypto": true, "pg_bigm": true, "pgvector": true, "vector": true, "plpgsql": true, "postgis": true, "postgis_raster": true,
	"postgis_sfcgal": true, "prefix": true, "rum": true, "seg": true, "sslinfo": true, "tcn": true,
	"tsm_system_rows": true, "tsm_system_time": true, "unaccent": true, "unit": true, "uuid-ossp": true,
}
