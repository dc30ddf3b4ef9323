#include "catalog/builtin/declare.hpp"

namespace tailrace::catalog {

namespace {

void role_row(const Catalog&, const Role& role, BuiltinRows& rows) {
  rows.add({{"id", id_text(role.id)},
            {"oid", oid(role.oid)},
            {"name", text(role.name)},
            {"inherit", Value(role.inherit)},
            {"rolcanlogin", Value(role.login)},
            {"rolsuper", role.superuser ? Value(true) : Value(Null{})}});
}

void member_rows(const Catalog&, const Role& role, BuiltinRows& rows) {
  for (const auto& [group, grantor] : role.member_of) {
    rows.add(
        {{"role_id", id_text(group)}, {"member", id_text(role.id)}, {"grantor", id_text(grantor)}});
  }
}

void parameter_rows(const Catalog&, const Role& role, BuiltinRows& rows) {
  for (const auto& [name, value] : role.variables) {
    rows.add({{"role_id", id_text(role.id)},
              {"parameter_name", text(name)},
              {"parameter_value", text(value)}});
  }
}

void system_privilege_rows(const Catalog& catalog, BuiltinRows& rows) {
  for (const AclItem& item : catalog.system_privileges())
    rows.add({{"privileges", text(to_string(item))}});
}

}  // namespace

std::vector<BuiltinTable> role_tables() {
  std::vector<BuiltinTable> all;
  all.push_back(table(16720, "mz_catalog", "mz_roles", "Roles.",
                      {{"id", text_type},
                       {"oid", oid_type},
                       {"name", text_type},
                       {"inherit", bool_type},
                       {"rolcanlogin", bool_type, nullable},
                       {"rolsuper", bool_type, nullable}}));
  all.back().of_role = role_row;
  all.push_back(table(16721, "mz_catalog", "mz_role_members", "Members of roles.",
                      {{"role_id", text_type}, {"member", text_type}, {"grantor", text_type}}));
  all.back().of_role = member_rows;
  all.push_back(table(
      16945, "mz_catalog", "mz_role_parameters", "Settings that roles begin sessions with.",
      {{"role_id", text_type}, {"parameter_name", text_type}, {"parameter_value", text_type}}));
  all.back().of_role = parameter_rows;
  all.push_back(table(16765, "mz_catalog", "mz_system_privileges", "Privileges on the system.",
                      {{"privileges", TypeId::mz_aclitem}}));
  all.back().of_catalog = system_privilege_rows;
  return all;
}

}  // namespace tailrace::catalog
