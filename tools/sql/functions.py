"""Functions of PostgreSQL that a query may call besides those that the parser knows by their meaning.

An allow-list: what sleeps, reads the server's files, changes settings, takes locks, signals processes or runs text as SQL
(`query_to_xml`, `dblink`) is not on it, nor is anything that an extension or a user adds. A connection's stanza adds its own.
"""

# fmt: off
ALLOWED_FUNCTIONS = frozenset((
    # aggregates and windows
    "array_agg", "bit_and", "bit_or", "bit_xor", "bool_and", "bool_or", "every", "json_agg", "json_object_agg", "jsonb_agg",
    "jsonb_object_agg", "mode", "percentile_cont", "percentile_disc", "range_agg", "range_intersect_agg", "string_agg",
    "cume_dist", "dense_rank", "lag", "lead", "ntile", "percent_rank", "rank", "row_number",
    # strings
    "ascii", "bit_length", "btrim", "casefold", "char_length", "chr", "concat", "concat_ws", "convert_from", "convert_to",
    "decode", "encode", "format", "initcap", "left", "length", "lpad", "ltrim", "md5", "normalize", "octet_length",
    "overlay", "position", "quote_ident", "quote_literal", "quote_nullable", "regexp_count", "regexp_instr", "regexp_like",
    "regexp_match", "regexp_matches", "regexp_replace", "regexp_split_to_array", "regexp_split_to_table", "regexp_substr",
    "replace", "reverse", "right", "rpad", "rtrim", "sha224", "sha256", "sha384", "sha512", "split_part", "starts_with",
    "string_to_array", "string_to_table", "strpos", "substr", "substring", "to_hex", "to_bin", "to_oct", "translate",
    "trim", "unistr", "similarity", "word_similarity", "unaccent", "levenshtein", "soundex",
    # numbers
    "abs", "acos", "asin", "atan", "atan2", "cbrt", "ceil", "ceiling", "cos", "cot", "degrees", "div", "erf", "exp",
    "factorial", "floor", "gcd", "lcm", "ln", "log", "log10", "min_scale", "mod", "pi", "power", "radians", "random",
    "round", "scale", "sign", "sin", "sqrt", "tan", "trim_scale", "trunc", "width_bucket",
    # dates and times
    "age", "clock_timestamp", "date_add", "date_bin", "date_part", "date_subtract", "date_trunc", "isfinite",
    "justify_days", "justify_hours", "justify_interval", "make_date", "make_interval", "make_time", "make_timestamp",
    "make_timestamptz", "now", "statement_timestamp", "timeofday", "to_char", "to_date", "to_number", "to_timestamp",
    "transaction_timestamp",
    # arrays, ranges, rows
    "array_append", "array_cat", "array_dims", "array_fill", "array_length", "array_lower", "array_ndims", "array_position",
    "array_positions", "array_prepend", "array_remove", "array_replace", "array_reverse", "array_sort", "array_to_string",
    "array_upper", "cardinality", "generate_series", "generate_subscripts", "isempty", "lower", "lower_inc", "lower_inf",
    "range_merge", "trim_array", "unnest", "upper", "upper_inc", "upper_inf", "int4range", "int8range", "numrange",
    "tsrange", "tstzrange", "daterange", "num_nonnulls", "num_nulls", "row",
    # JSON
    "array_to_json", "json_array_elements", "json_array_elements_text", "json_array_length", "json_build_array",
    "json_build_object", "json_each", "json_each_text", "json_extract_path", "json_extract_path_text", "json_object",
    "json_object_keys", "json_populate_record", "json_strip_nulls", "json_to_record", "json_to_recordset", "json_typeof",
    "jsonb_array_elements", "jsonb_array_elements_text", "jsonb_array_length", "jsonb_build_array", "jsonb_build_object",
    "jsonb_each", "jsonb_each_text", "jsonb_extract_path", "jsonb_extract_path_text", "jsonb_insert", "jsonb_object",
    "jsonb_object_keys", "jsonb_path_exists", "jsonb_path_match", "jsonb_path_query", "jsonb_path_query_array",
    "jsonb_path_query_first", "jsonb_pretty", "jsonb_set", "jsonb_strip_nulls", "jsonb_to_record", "jsonb_to_recordset",
    "jsonb_typeof", "row_to_json", "to_json", "to_jsonb",
    # full text, networks, identity
    "phraseto_tsquery", "plainto_tsquery", "to_tsquery", "to_tsvector", "ts_headline", "ts_rank", "ts_rank_cd",
    "tsvector_to_array", "websearch_to_tsquery", "broadcast", "family", "host", "hostmask", "masklen", "netmask", "network",
    "text", "gen_random_uuid", "uuidv4", "uuidv7", "uuid_extract_timestamp", "uuid_extract_version", "version",
    "current_database", "current_schema", "pg_typeof",
))
# fmt: on
