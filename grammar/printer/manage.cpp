// Clusters, roles, ALTER, DROP, COMMENT.
#include "grammar/printer/writer.hpp"

namespace tailrace::grammar::printer {

namespace {

std::string_view if_not_exists(bool is) {
  return is ? "IF NOT EXISTS " : "";
}

template <class Statement>
void write_alter(Writer& w, const Statement& s) {
  w << "ALTER " << keywords(s.kind) << (s.if_exists ? " IF EXISTS " : " ");
  write(w, s.name);
}

void write_attributes(Writer& w, const std::vector<ast::RoleAttribute>& attributes) {
  constexpr std::string_view words[] = {
      "SUPERUSER",     "NOSUPERUSER",     "LOGIN",      "NOLOGIN",    "INHERIT",
      "NOINHERIT",     "CREATEDB",        "NOCREATEDB", "CREATEROLE", "NOCREATEROLE",
      "CREATECLUSTER", "NOCREATECLUSTER", "PASSWORD"};
  for (const ast::RoleAttribute& attribute : attributes) {
    w << " " << words[static_cast<int>(attribute.kind)];
    if (attribute.kind != ast::RoleAttributeKind::password) continue;
    w << " ";
    if (attribute.password)
      w.literal(quoted_literal(*attribute.password));
    else
      w << "NULL";
  }
}

}  // namespace

void write_behavior(Writer& w, ast::Drop::Behavior behavior) {
  if (behavior == ast::Drop::Behavior::cascade) w << " CASCADE";
  if (behavior == ast::Drop::Behavior::restrict_) w << " RESTRICT";
}

void write(Writer& w, const ast::CreateCluster& s) {
  w << "CREATE CLUSTER " << if_not_exists(s.if_not_exists);
  write(w, s.name);
  write_options(w, s.options);
}

void write(Writer& w, const ast::CreateClusterReplica& s) {
  w << "CREATE CLUSTER REPLICA " << if_not_exists(s.if_not_exists);
  write(w, s.cluster);
  w << ".";
  write(w, s.name);
  write_options(w, s.options);
}

void write(Writer& w, const ast::CreateDatabase& s) {
  w << "CREATE DATABASE " << if_not_exists(s.if_not_exists);
  write(w, s.name);
}

void write(Writer& w, const ast::CreateSchema& s) {
  w << "CREATE SCHEMA " << if_not_exists(s.if_not_exists);
  write(w, s.name);
}

void write(Writer& w, const ast::CreateRole& s) {
  w << "CREATE ROLE ";
  write(w, s.name);
  write_attributes(w, s.attributes);
}

void write(Writer& w, const ast::AlterRoleAttributes& s) {
  w << "ALTER ROLE ";
  write(w, s.name);
  write_attributes(w, s.attributes);
}

void write(Writer& w, const ast::AlterRoleVariable& s) {
  w << "ALTER ROLE ";
  write(w, s.name);
  w << (s.values ? " SET " : " RESET ");
  write(w, s.variable);
  if (!s.values) return;
  w << " = ";
  write(w, *s.values);
}

void write(Writer& w, const ast::Drop& s) {
  w << "DROP " << keywords(s.kind) << (s.if_exists ? " IF EXISTS " : " ");
  write_list(w, s.names);
  write_behavior(w, s.behavior);
}

void write(Writer& w, const ast::Rename& s) {
  write_alter(w, s);
  w << " RENAME TO ";
  write(w, s.new_name);
}

void write(Writer& w, const ast::SetOwner& s) {
  write_alter(w, s);
  w << " OWNER TO ";
  write(w, s.role);
}

void write(Writer& w, const ast::Swap& s) {
  write_alter(w, s);
  w << " SWAP WITH ";
  write(w, s.other);
}

void write(Writer& w, const ast::AlterSetOptions& s) {
  write_alter(w, s);
  w << " SET";
  write_options(w, s.options);
  write_with(w, s.with);
}

void write(Writer& w, const ast::AlterResetOptions& s) {
  write_alter(w, s);
  for (std::size_t i = 0; i < s.options.size(); ++i)
    w << (i > 0 ? ", " : " RESET (") << s.options[i].value;
  w << ")";
}

void write(Writer& w, const ast::AlterSetCluster& s) {
  write_alter(w, s);
  w << " SET CLUSTER ";
  write(w, s.cluster);
}

void write(Writer& w, const ast::AlterSystem& s) {
  w << (s.values ? "ALTER SYSTEM SET " : "ALTER SYSTEM RESET ");
  if (s.variable)
    write(w, *s.variable);
  else
    w << "ALL";
  if (!s.values) return;
  w << " = ";
  write(w, *s.values);
}

void write(Writer& w, const ast::CommentOn& s) {
  w << "COMMENT ON " << keywords(s.kind) << " ";
  write(w, s.name);
  w << " IS ";
  if (s.comment)
    w.literal(quoted_literal(*s.comment));
  else
    w << "NULL";
}

void write(Writer& w, const ast::ReassignOwned& s) {
  w << "REASSIGN OWNED BY ";
  write_list(w, s.from);
  w << " TO ";
  write(w, s.to);
}

void write(Writer& w, const ast::DropOwned& s) {
  w << "DROP OWNED BY ";
  write_list(w, s.roles);
  write_behavior(w, s.behavior);
}

}  // namespace tailrace::grammar::printer
