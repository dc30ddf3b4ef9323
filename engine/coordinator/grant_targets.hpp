// What GRANT, REVOKE and their like stand on, and to whom, as the catalog knows them. Private to this folder.
#pragma once

#include <optional>
#include <vector>

#include "catalog/access.hpp"
#include "grammar/ast/statement/manage.hpp"

namespace tailrace::engine {

class SessionState;

// The object of that kind and name that has an owner and privileges; of a replica, its cluster. None: no such thing.
std::optional<catalog::Guarded> find_guarded(SessionState& session, ast::ObjectKind kind,
                                             const ast::ObjectName& name);

// ON ...: each once. Throws for unknown names and for kinds on which nothing can be granted.
std::vector<catalog::Guarded> grant_targets(SessionState& session, const ast::GrantTarget& target);
// As DefaultPrivilege::object_type has it; throws for kinds that ON and ALTER DEFAULT PRIVILEGES do not take.
std::string object_type_of_plural(ast::ObjectKind kind);

// The privileges written; ALL is what `applicable` says. Throws for those beyond it, naming `what`.
catalog::PrivilegeSet privileges_written(const ast::Privileges& written,
                                         catalog::PrivilegeSet applicable, const std::string& what);

// What the system made stays as it is: throws for it.
void require_changeable(const catalog::Catalog& catalog, const catalog::Guarded& object);

// A role to grant to, or PUBLIC; not one of the system's.
catalog::RoleId grantee(SessionState& session, const ast::Ident& name);

}  // namespace tailrace::engine
