package catalog

import (
	"strings"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// firstNormalOID is the lowest OID of what initdb did not make: OIDs below are of
// PostgreSQL's own objects.
const firstNormalOID = 16384

// PostgreSQL's own functions, and those of its extensions, by what they do. What is in
// no list counts for what pg_proc says: a volatile one has effects, a stable one
// depends on the session.

// isQuiet reports whether a volatile function of PostgreSQL's own changes nothing, so
// that a standby runs it too.
func isQuiet(name string) bool { return quiet[name] || strings.HasSuffix(name, "_size") }

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

// settingOf are IMMUTABLE functions that depend on a setting all the same.
var settingOf = map[string]string{"quote_ident": "quote_all_identifiers", "float4out": "extra_float_digits", "float8out": "extra_float_digits"}

// leaves are functions, of extensions too, after which the session is another: by a
// setting, or a lock that outlives the transaction.
var leaves = names("set_config", "setseed", "pg_advisory_lock", "pg_advisory_lock_shared", "pg_try_advisory_lock", "pg_try_advisory_lock_shared",
	"isn_weak", "set_limit", "dblink_connect", "dblink_connect_u", "dblink_open")

// readsBeside are functions of PostGIS that look a reference system up in a table.
var readsBeside = names("st_transform", "postgis_transform_geometry", "st_asgeojson", "st_asgml", "st_askml", "st_asx3d", "geography")

const referenceSystems = "spatial_ref_sys"

// fields are STABLE functions that tell a field of a time. The epoch is the same in every
// session.
var fields = names("extract", "date_part")

func tellsEpoch(args []*tree.Node) bool {
	if len(args) == 0 {
		return false
	}
	field, constant := tree.Text(args[0])
	return constant && strings.EqualFold(field, "epoch")
}

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

// quiet are those of isQuiet. currval and lastval are not: they fail where nextval
// cannot run.
var quiet = map[string]bool{
	"random": true, "random_normal": true, "clock_timestamp": true, "timeofday": true, "gen_random_uuid": true,
	"uuidv4": true, "uuidv7": true, "current_query": true, "pg_sequence_last_value": true, "pg_is_in_recovery": true,
	"pg_sleep": true, "pg_sleep_for": true, "pg_sleep_until": true, "pg_blocking_pids": true, "pg_jit_available": true,
	"suppress_redundant_updates_trigger": true, "tsvector_update_trigger": true, "tsvector_update_trigger_column": true,
}

// printsOnly are STABLE only because they print values of any type, or look at its
// definition: with arguments whose text no setting decides their value depends on
// nothing else.
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
