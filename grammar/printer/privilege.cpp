// GRANT, REVOKE, ALTER DEFAULT PRIVILEGES.
#include "grammar/printer/writer.hpp"

namespace tailrace::grammar::printer {

namespace {

void write(Writer& w, const ast::Privileges& privileges) {
  constexpr std::string_view words[] = {
      "SELECT", "INSERT",     "UPDATE",   "DELETE",        "USAGE",
      "CREATE", "CREATEROLE", "CREATEDB", "CREATECLUSTER", "CREATENETWORKPOLICY"};
  if (privileges.all) w << "ALL";
  for (std::size_t i = 0; i < privileges.list.size(); ++i)
    w << (i > 0 ? ", " : "") << words[static_cast<int>(privileges.list[i])];
}

void write_scope(Writer& w, const std::vector<ast::ObjectName>& schemas,
                 const std::vector<ast::Ident>& databases) {
  if (!schemas.empty()) {
    w << " IN SCHEMA ";
    write_list(w, schemas);
  }
  if (!databases.empty()) {
    w << " IN DATABASE ";
    write_list(w, databases);
  }
}

void write(Writer& w, const ast::GrantTarget& target) {
  if (std::holds_alternative<ast::SystemTarget>(target)) {
    w << "SYSTEM";
  } else if (auto* all = std::get_if<ast::AllTargets>(&target)) {
    w << "ALL " << plural_keywords(all->kind);
    write_scope(w, all->in_schemas, all->in_databases);
  } else {
    auto& named = std::get<ast::NamedTargets>(target);
    w << keywords(named.kind) << " ";
    write_list(w, named.names);
  }
}

}  // namespace

void write(Writer& w, const ast::GrantPrivileges& s) {
  w << (s.revoke ? "REVOKE " : "GRANT ");
  write(w, s.privileges);
  w << " ON ";
  write(w, s.target);
  w << (s.revoke ? " FROM " : " TO ");
  write_list(w, s.roles);
}

void write(Writer& w, const ast::GrantRoles& s) {
  w << (s.revoke ? "REVOKE " : "GRANT ");
  write_list(w, s.roles);
  w << (s.revoke ? " FROM " : " TO ");
  write_list(w, s.members);
}

void write(Writer& w, const ast::AlterDefaultPrivileges& s) {
  w << "ALTER DEFAULT PRIVILEGES FOR ";
  if (s.for_roles.empty()) {
    w << "ALL ROLES";
  } else {
    w << "ROLE ";
    write_list(w, s.for_roles);
  }
  write_scope(w, s.in_schemas, s.in_databases);
  w << (s.revoke ? " REVOKE " : " GRANT ");
  write(w, s.privileges);
  w << " ON " << plural_keywords(s.kind) << (s.revoke ? " FROM " : " TO ");
  write_list(w, s.grantees);
}

}  // namespace tailrace::grammar::printer
