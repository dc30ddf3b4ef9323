// Relations of pg_catalog and information_schema for what does not exist here: clients that look find nothing.
#include <deque>
#include <string>

#include "catalog/builtin/declare.hpp"

namespace tailrace::catalog {

namespace {

// A query of no rows with these columns. Kept for ever: declarations point at their SQL.
std::string_view no_rows(const std::vector<BuiltinColumn>& columns) {
  static std::deque<std::string> kept;
  std::string sql;
  for (const BuiltinColumn& column : columns) {
    sql += sql.empty() ? "SELECT " : ", ";
    sql += "NULL::" + column.type.name() + " AS \"" + std::string(column.name) + "\"";
  }
  return kept.emplace_back(sql + " WHERE false");
}

BuiltinView empty(Oid oid, std::string_view schema, std::string_view name, std::string_view comment,
                  std::vector<BuiltinColumn> columns) {
  const std::string_view sql = no_rows(columns);
  return view(oid, schema, name, comment, std::move(columns), sql);
}

}  // namespace

std::vector<BuiltinView> empty_views() {
  std::vector<BuiltinView> all;
  all.push_back(empty(16849, "pg_catalog", "pg_am", "Access methods.",
                      {{"oid", oid_type, nullable},
                       {"amname", text_type, nullable},
                       {"amhandler", TypeId::regproc, nullable},
                       {"amtype", TypeId::char1, nullable}}));
  all.push_back(empty(16867, "pg_catalog", "pg_collation", "Collations.",
                      {{"oid", oid_type},
                       {"collname", text_type},
                       {"collnamespace", oid_type},
                       {"collowner", oid_type},
                       {"collprovider", TypeId::char1},
                       {"collisdeterministic", bool_type},
                       {"collencoding", TypeId::int4},
                       {"collcollate", text_type},
                       {"collctype", text_type},
                       {"collversion", text_type}}));
  all.push_back(empty(16846, "pg_catalog", "pg_constraint", "Constraints.",
                      {{"oid", oid_type, nullable},
                       {"conname", text_type, nullable},
                       {"connamespace", oid_type, nullable},
                       {"contype", TypeId::char1, nullable},
                       {"condeferrable", bool_type, nullable},
                       {"condeferred", bool_type, nullable},
                       {"convalidated", bool_type, nullable},
                       {"conrelid", oid_type, nullable},
                       {"contypid", oid_type, nullable},
                       {"conindid", oid_type, nullable},
                       {"conparentid", oid_type, nullable},
                       {"confrelid", oid_type, nullable},
                       {"confupdtype", TypeId::char1, nullable},
                       {"confdeltype", TypeId::char1, nullable},
                       {"confmatchtype", TypeId::char1, nullable},
                       {"conislocal", bool_type, nullable},
                       {"coninhcount", TypeId::int4, nullable},
                       {"connoinherit", bool_type, nullable},
                       {"conkey", Type::array_of(TypeId::int2), nullable},
                       {"confkey", Type::array_of(TypeId::int2), nullable},
                       {"conpfeqop", Type::array_of(TypeId::oid), nullable},
                       {"conppeqop", Type::array_of(TypeId::oid), nullable},
                       {"conffeqop", Type::array_of(TypeId::oid), nullable},
                       {"conexclop", Type::array_of(TypeId::oid), nullable},
                       {"conbin", text_type, nullable},
                       {"consrc", text_type, nullable}}));
  all.push_back(empty(16806, "pg_catalog", "pg_enum", "Labels of enumerations.",
                      {{"oid", oid_type, nullable},
                       {"enumtypid", oid_type, nullable},
                       {"enumsortorder", TypeId::float4, nullable},
                       {"enumlabel", text_type, nullable}}));
  all.push_back(empty(16810, "pg_catalog", "pg_event_trigger", "Event triggers.",
                      {{"oid", oid_type},
                       {"evtname", text_type},
                       {"evtevent", text_type},
                       {"evtowner", oid_type},
                       {"evtfoid", oid_type},
                       {"evtenabled", TypeId::char1},
                       {"evttags", text_array_type}}));
  all.push_back(empty(16875, "pg_catalog", "pg_extension", "Extensions.",
                      {{"oid", oid_type},
                       {"extname", text_type},
                       {"extowner", oid_type},
                       {"extnamespace", oid_type},
                       {"extrelocatable", bool_type},
                       {"extversion", text_type},
                       {"extconfig", Type::array_of(TypeId::oid)},
                       {"extcondition", text_array_type}}));
  all.push_back(empty(16869, "pg_catalog", "pg_inherits", "Inheritance of tables.",
                      {{"inhrelid", oid_type},
                       {"inhparent", oid_type},
                       {"inhseqno", TypeId::int4},
                       {"inhdetachpending", bool_type}}));
  all.push_back(empty(16811, "pg_catalog", "pg_language", "Languages of functions.",
                      {{"lanname", text_type},
                       {"oid", oid_type},
                       {"lanowner", oid_type},
                       {"lanispl", bool_type},
                       {"lanpltrusted", bool_type},
                       {"lanplcallfoid", oid_type},
                       {"laninline", oid_type},
                       {"lanvalidator", oid_type},
                       {"lanacl", text_array_type}}));
  all.push_back(empty(16870, "pg_catalog", "pg_locks", "Locks.",
                      {{"locktype", text_type},
                       {"database", oid_type},
                       {"relation", oid_type},
                       {"page", TypeId::int4},
                       {"tuple", TypeId::int2},
                       {"virtualxid", text_type},
                       {"transactionid", text_type},
                       {"classid", oid_type},
                       {"objid", oid_type},
                       {"objsubid", TypeId::int2},
                       {"virtualtransaction", text_type},
                       {"pid", TypeId::int4},
                       {"mode", text_type},
                       {"granted", bool_type},
                       {"fastpath", bool_type},
                       {"waitstart", timestamptz_type}}));
  all.push_back(empty(16868, "pg_catalog", "pg_policy", "Row security policies.",
                      {{"oid", oid_type},
                       {"polname", text_type},
                       {"polrelid", oid_type},
                       {"polcmd", TypeId::char1},
                       {"polpermissive", bool_type},
                       {"polroles", Type::array_of(TypeId::oid)},
                       {"polqual", text_type},
                       {"polwithcheck", text_type}}));
  all.push_back(empty(16805, "pg_catalog", "pg_range", "Range types.",
                      {{"rngtypid", oid_type, nullable}, {"rngsubtype", oid_type, nullable}}));
  all.push_back(empty(16874, "pg_catalog", "pg_rewrite", "Rules.",
                      {{"oid", oid_type},
                       {"rulename", text_type},
                       {"ev_class", oid_type},
                       {"ev_type", TypeId::char1},
                       {"ev_enabled", TypeId::char1},
                       {"is_instead", bool_type},
                       {"ev_qual", text_type},
                       {"ev_action", text_type}}));
  all.push_back(empty(16812, "pg_catalog", "pg_shdescription", "Comments on what databases share.",
                      {{"objoid", oid_type}, {"classoid", oid_type}, {"description", text_type}}));
  all.push_back(empty(16873, "pg_catalog", "pg_trigger", "Triggers.",
                      {{"oid", oid_type},
                       {"tgrelid", oid_type},
                       {"tgparentid", oid_type},
                       {"tgname", text_type},
                       {"tgfoid", oid_type},
                       {"tgtype", TypeId::int2},
                       {"tgenabled", TypeId::char1},
                       {"tgisinternal", bool_type},
                       {"tgconstrrelid", oid_type},
                       {"tgconstrindid", oid_type},
                       {"tgconstraint", oid_type},
                       {"tgdeferrable", bool_type},
                       {"tginitdeferred", bool_type},
                       {"tgnargs", TypeId::int2},
                       {"tgattr", TypeId::int2vector},
                       {"tgargs", TypeId::bytea},
                       {"tgqual", text_type},
                       {"tgoldtable", text_type},
                       {"tgnewtable", text_type}}));
  all.push_back(empty(16857, "information_schema", "key_column_usage", "Columns of keys.",
                      {{"constraint_catalog", text_type, nullable},
                       {"constraint_schema", text_type, nullable},
                       {"constraint_name", text_type, nullable},
                       {"table_catalog", text_type, nullable},
                       {"table_schema", text_type, nullable},
                       {"table_name", text_type, nullable},
                       {"column_name", text_type, nullable},
                       {"ordinal_position", TypeId::int4, nullable},
                       {"position_in_unique_constraint", TypeId::int4, nullable}}));
  all.push_back(empty(16858, "information_schema", "referential_constraints", "Foreign keys.",
                      {{"constraint_catalog", text_type, nullable},
                       {"constraint_schema", text_type, nullable},
                       {"constraint_name", text_type, nullable},
                       {"unique_constraint_catalog", text_type, nullable},
                       {"unique_constraint_schema", text_type, nullable},
                       {"unique_constraint_name", text_type, nullable},
                       {"match_option", text_type, nullable},
                       {"update_rule", text_type, nullable},
                       {"delete_rule", text_type, nullable}}));
  all.push_back(empty(16862, "information_schema", "table_constraints", "Constraints.",
                      {{"constraint_catalog", text_type, nullable},
                       {"constraint_schema", text_type, nullable},
                       {"constraint_name", text_type, nullable},
                       {"table_catalog", text_type, nullable},
                       {"table_schema", text_type, nullable},
                       {"table_name", text_type, nullable},
                       {"constraint_type", text_type, nullable},
                       {"is_deferrable", text_type, nullable},
                       {"initially_deferred", text_type, nullable},
                       {"enforced", text_type, nullable},
                       {"nulls_distinct", text_type, nullable}}));
  all.push_back(empty(16864, "information_schema", "triggers", "Triggers.",
                      {{"trigger_catalog", text_type, nullable},
                       {"trigger_schema", text_type, nullable},
                       {"trigger_name", text_type, nullable},
                       {"event_manipulation", text_type, nullable},
                       {"event_object_catalog", text_type, nullable},
                       {"event_object_schema", text_type, nullable},
                       {"event_object_table", text_type, nullable},
                       {"action_order", TypeId::int4, nullable},
                       {"action_condition", text_type, nullable},
                       {"action_statement", text_type, nullable},
                       {"action_orientation", text_type, nullable},
                       {"action_timing", text_type, nullable},
                       {"action_reference_old_table", text_type, nullable},
                       {"action_reference_new_table", text_type, nullable}}));
  return all;
}

}  // namespace tailrace::catalog
