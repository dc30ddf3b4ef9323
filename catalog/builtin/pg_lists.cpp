// The relations of pg_catalog that list roles and relations by name, or hold a fixed row.
#include "catalog/builtin/declare.hpp"

namespace tailrace::catalog {

namespace {

constexpr std::string_view schema = "pg_catalog";

BuiltinView pg_roles() {
  return view(16850, schema, "pg_roles", "Roles.",
              {{"rolname", text_type},
               {"rolsuper", bool_type, nullable},
               {"rolinherit", bool_type},
               {"rolcreaterole", bool_type, nullable},
               {"rolcreatedb", bool_type, nullable},
               {"rolcanlogin", bool_type},
               {"rolreplication", bool_type},
               {"rolconnlimit", TypeId::int4},
               {"rolpassword", text_type},
               {"rolvaliduntil", timestamptz_type, nullable},
               {"rolbypassrls", bool_type},
               {"rolconfig", text_array_type, nullable},
               {"oid", oid_type}},
              R"(SELECT r.name AS rolname, r.rolsuper, r.inherit AS rolinherit,
                pg_catalog.has_system_privilege(r.oid, 'CREATEROLE') AS rolcreaterole,
                pg_catalog.has_system_privilege(r.oid, 'CREATEDB') AS rolcreatedb,
                coalesce(r.rolcanlogin, false) AS rolcanlogin, false AS rolreplication, -1 AS rolconnlimit,
                '********' AS rolpassword, NULL::timestamptz AS rolvaliduntil, false AS rolbypassrls,
                p.settings AS rolconfig, r.oid
           FROM mz_catalog.mz_roles r
           LEFT JOIN (SELECT role_id, array_agg(parameter_name || '=' || parameter_value ORDER BY parameter_name)
                               AS settings
                        FROM mz_catalog.mz_role_parameters GROUP BY role_id) p ON p.role_id = r.id
          WHERE r.oid <> 0::oid)");
}

BuiltinView pg_authid() {
  return view(
      16871, schema, "pg_authid", "Roles.",
      {{"oid", oid_type},
       {"rolname", text_type},
       {"rolsuper", bool_type, nullable},
       {"rolinherit", bool_type},
       {"rolcreaterole", bool_type, nullable},
       {"rolcreatedb", bool_type, nullable},
       {"rolcanlogin", bool_type},
       {"rolreplication", bool_type},
       {"rolbypassrls", bool_type},
       {"rolconnlimit", TypeId::int4},
       {"rolpassword", text_type, nullable},
       {"rolvaliduntil", timestamptz_type, nullable}},
      R"(SELECT oid, rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication,
                rolbypassrls, rolconnlimit, NULL::text AS rolpassword, rolvaliduntil
           FROM pg_catalog.pg_roles)");
}

BuiltinView pg_user() {
  return view(
      16956, schema, "pg_user", "Roles that may log in.",
      {{"usename", text_type},
       {"usesysid", oid_type},
       {"usecreatedb", bool_type, nullable},
       {"usesuper", bool_type, nullable},
       {"userepl", bool_type},
       {"usebypassrls", bool_type},
       {"passwd", text_type},
       {"valuntil", timestamptz_type, nullable},
       {"useconfig", text_array_type, nullable}},
      R"(SELECT rolname AS usename, oid AS usesysid, rolcreatedb AS usecreatedb, rolsuper AS usesuper,
                rolreplication AS userepl, rolbypassrls AS usebypassrls, rolpassword AS passwd,
                rolvaliduntil AS valuntil, rolconfig AS useconfig
           FROM pg_catalog.pg_roles WHERE rolcanlogin)");
}

BuiltinView pg_auth_members() {
  return view(16809, schema, "pg_auth_members", "Members of roles.",
              {{"roleid", oid_type},
               {"member", oid_type},
               {"grantor", oid_type},
               {"admin_option", bool_type}},
              R"(SELECT r.oid AS roleid, u.oid AS member, g.oid AS grantor, false AS admin_option
           FROM mz_catalog.mz_role_members m
           JOIN mz_catalog.mz_roles r ON r.id = m.role_id
           JOIN mz_catalog.mz_roles u ON u.id = m.member
           JOIN mz_catalog.mz_roles g ON g.id = m.grantor)");
}

BuiltinView pg_tables() {
  return view(
      16847, schema, "pg_tables", "Tables and sources.",
      {{"schemaname", text_type}, {"tablename", text_type}, {"tableowner", text_type}},
      R"(SELECT n.nspname AS schemaname, c.relname AS tablename, pg_catalog.pg_get_userbyid(c.relowner) AS tableowner
           FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
          WHERE c.relkind IN ('r', 'p'))");
}

BuiltinView pg_views() {
  return view(16851, schema, "pg_views", "Views.",
              {{"schemaname", text_type},
               {"viewname", text_type},
               {"viewowner", oid_type},
               {"definition", text_type}},
              R"(SELECT s.name AS schemaname, v.name AS viewname, r.oid AS viewowner, v.definition
           FROM mz_catalog.mz_views v
           JOIN mz_catalog.mz_schemas s ON s.id = v.schema_id
           JOIN mz_catalog.mz_roles r ON r.id = v.owner_id
           LEFT JOIN mz_catalog.mz_databases d ON d.id = s.database_id
          WHERE s.database_id IS NULL OR d.name = pg_catalog.current_database())");
}

BuiltinView pg_matviews() {
  return view(
      16852, schema, "pg_matviews", "Materialized views.",
      {{"schemaname", text_type},
       {"matviewname", text_type},
       {"matviewowner", oid_type},
       {"definition", text_type}},
      R"(SELECT s.name AS schemaname, v.name AS matviewname, r.oid AS matviewowner, v.definition
           FROM mz_catalog.mz_materialized_views v
           JOIN mz_catalog.mz_schemas s ON s.id = v.schema_id
           JOIN mz_catalog.mz_roles r ON r.id = v.owner_id
           LEFT JOIN mz_catalog.mz_databases d ON d.id = s.database_id
          WHERE s.database_id IS NULL OR d.name = pg_catalog.current_database())");
}

BuiltinView pg_settings() {
  return view(16808, schema, "pg_settings",
              "One setting that clients look for; SHOW ALL has the others.",
              {{"name", text_type}, {"setting", text_type}},
              "SELECT 'max_index_keys' AS name, '1000' AS setting");
}

BuiltinView pg_tablespace() {
  return view(
      16848, schema, "pg_tablespace", "Where data is: one place.",
      {{"oid", oid_type},
       {"spcname", text_type},
       {"spcowner", oid_type, nullable},
       {"spcacl", text_array_type, nullable},
       {"spcoptions", text_array_type, nullable}},
      R"(SELECT 0::oid AS oid, 'pg_default' AS spcname, NULL::oid AS spcowner, NULL::text[] AS spcacl,
                NULL::text[] AS spcoptions)");
}

}  // namespace

std::vector<BuiltinView> pg_list_views() {
  return {pg_roles(), pg_authid(),   pg_user(),     pg_auth_members(), pg_tables(),
          pg_views(), pg_matviews(), pg_settings(), pg_tablespace()};
}

}  // namespace tailrace::catalog
