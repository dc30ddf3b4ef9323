// GRANT, REVOKE, ALTER DEFAULT PRIVILEGES.
#include <utility>

#include "grammar/builder/builder.hpp"

namespace tailrace::grammar::builder {

namespace {

ast::Privilege privilege(P::PrivilegeContext& tree) {
  using enum ast::Privilege;
  switch (first_type(tree)) {
    case P::SELECT:
      return ast::Privilege::select;
    case P::INSERT:
      return ast::Privilege::insert;
    case P::UPDATE:
      return ast::Privilege::update;
    case P::DELETE:
      return delete_;
    case P::USAGE:
      return usage;
    case P::CREATE:
      return create;
    case P::CREATEROLE:
      return create_role;
    case P::CREATEDB:
      return create_db;
    case P::CREATECLUSTER:
      return create_cluster;
    default:
      return create_network_policy;
  }
}

ast::Privileges privileges(P::PrivilegesContext& tree) {
  ast::Privileges out{.all = tree.ALL() != nullptr};
  for (auto* item : tree.privilege()) out.list.push_back(privilege(*item));
  return out;
}

ast::GrantTarget target(P::GrantTargetContext& tree) {
  if (tree.SYSTEM()) return ast::SystemTarget{};
  if (tree.pluralKind()) {
    ast::AllTargets out{.kind = kind(*tree.pluralKind())};
    out.in_schemas = names(tree.objectName());
    out.in_databases = idents(tree.identifier());
    return out;
  }
  ast::NamedTargets out{.names = names(tree.objectName())};
  if (auto* written = tree.grantKind())
    out.kind = written->alterKind() ? kind(*written->alterKind()) : ast::ObjectKind::role;
  return out;
}

std::vector<ast::Ident> grantees(P::GranteesContext& tree) {
  return idents(tree.roleList()->identifier());
}

// Both statements have the same parts.
template <class Tree>
ast::Statement grant_or_revoke(Tree& tree, bool revoke) {
  if (tree.privileges())
    return {ast::GrantPrivileges{revoke, privileges(*tree.privileges()),
                                 target(*tree.grantTarget()), grantees(*tree.grantees())}};
  return {
      ast::GrantRoles{revoke, idents(tree.roleList()->identifier()), grantees(*tree.grantees())}};
}

}  // namespace

ast::Statement grant(P::GrantStatementContext& tree) {
  return grant_or_revoke(tree, false);
}
ast::Statement revoke(P::RevokeStatementContext& tree) {
  return grant_or_revoke(tree, true);
}

ast::Statement default_privileges(P::AlterDefaultPrivilegesContext& tree) {
  ast::AlterDefaultPrivileges out;
  if (tree.roleList()) out.for_roles = idents(tree.roleList()->identifier());
  out.in_schemas = names(tree.objectName());
  out.in_databases = idents(tree.identifier());
  out.revoke = tree.REVOKE() != nullptr;
  out.privileges = privileges(*tree.privileges());
  out.kind = kind(*tree.pluralKind());
  out.grantees = grantees(*tree.grantees());
  return {std::move(out)};
}

}  // namespace tailrace::grammar::builder
