// GRANT and REVOKE: privileges on objects, and membership in roles.
#include <fmt/format.h>

#include "engine/coordinator/ddl.hpp"
#include "engine/coordinator/grant_targets.hpp"

namespace tailrace::engine {

namespace {

using catalog::Guarded;

constexpr SqlState invalid_grant_operation{"0LP01"};
constexpr SqlState privilege_not_revoked{"01006"};

void warn(SessionState& session, std::string message, SqlState state) {
  Notice warning;
  warning.severity = Notice::Severity::warning;
  warning.state = state;
  warning.message = std::move(message);
  session.notice(std::move(warning));
}

void warn_of_membership(SessionState& session, const catalog::Role& member,
                        const catalog::Role& role, std::string_view is) {
  session.notice(fmt::format("role \"{}\" is {} of role \"{}\"", member.name, is, role.name));
}

// The role that is granted or revoked; PUBLIC and the system's own are nobody's to join.
const catalog::Role& membership_role(SessionState& session, const ast::Ident& name) {
  if (name.value == "public") {
    throw SqlError(sqlstate::reserved_name, "role name \"public\" is reserved")
        .position(name.position);
  }
  const catalog::Role& role = session.catalog().resolve_role(name.value);
  if (role.id.is_system()) {
    throw SqlError(sqlstate::insufficient_privilege,
                   fmt::format("system role '{}' cannot be modified", role.name))
        .position(name.position);
  }
  return role;
}

}  // namespace

StatementResult grant_privileges(SessionState& session, const ast::GrantPrivileges& statement) {
  const std::vector<Guarded> objects = grant_targets(session, statement.target);
  std::vector<catalog::RoleId> grantees;
  for (const ast::Ident& role : statement.roles) grantees.push_back(grantee(session, role));
  const auto* all = std::get_if<ast::AllTargets>(&statement.target);
  const catalog::PrivilegeSet of_all =
      all ? privileges_written(statement.privileges,
                               catalog::applicable_privileges(object_type_of_plural(all->kind)),
                               fmt::format("ALL {}", ast::plural_keywords(all->kind)))
          : 0;
  catalog::CatalogTransaction& ddl = session.ddl();
  for (const Guarded& object : objects) {
    const catalog::Catalog& catalog = ddl.catalog();
    require_changeable(catalog, object);
    const catalog::PrivilegeSet applicable = catalog::applicable_privileges(catalog, object);
    const std::string what = catalog::describe(catalog, object);
    // Of ALL TABLES, views take what views can.
    const auto privileges = static_cast<catalog::PrivilegeSet>(
        all ? of_all & applicable : privileges_written(statement.privileges, applicable, what));
    catalog::Acl acl = catalog::privileges_on(catalog, object);
    const catalog::Acl before = acl;
    bool revoked = false;
    for (const catalog::RoleId role : grantees) {
      if (statement.revoke) {
        revoked = catalog::revoke(acl, role, privileges) || revoked;
      } else {
        catalog::grant(acl, {role, catalog::owner_of(catalog, object), privileges});
      }
    }
    if (statement.revoke && !revoked && all == nullptr) {
      warn(session, "no privileges could be revoked for " + what, privilege_not_revoked);
    }
    if (acl != before) ddl.set_privileges(object, std::move(acl));
  }
  return ddl_result(statement.revoke ? "REVOKE" : "GRANT");
}

StatementResult grant_roles(SessionState& session, const ast::GrantRoles& statement) {
  for (const ast::Ident& role_name : statement.roles) {
    for (const ast::Ident& member_name : statement.members) {
      const catalog::Role& role = membership_role(session, role_name);
      catalog::Role member = membership_role(session, member_name);
      if (statement.revoke) {
        if (!member.member_of.contains(role.id)) {
          warn_of_membership(session, member, role, "not a member");
          continue;
        }
        member.member_of.erase(role.id);
      } else {
        if (member.member_of.contains(role.id)) {
          warn_of_membership(session, member, role, "already a member");
          continue;
        }
        if (catalog::roles_of(session.catalog(), role.id).contains(member.id)) {
          throw SqlError(
              invalid_grant_operation,
              fmt::format("role \"{}\" is a member of role \"{}\"", role.name, member.name))
              .position(member_name.position);
        }
        member.member_of.emplace(role.id, catalog::mz_system_role);
      }
      session.ddl().replace(std::move(member));
    }
  }
  return ddl_result(statement.revoke ? "REVOKE ROLE" : "GRANT ROLE");
}

}  // namespace tailrace::engine
